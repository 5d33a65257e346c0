// The address after the # to the page that it names, with parameters and a query.

import { useEffect, useState } from "./html.js";

/**
 * The path and query after the #: "#/w/1/train?dataset=2" is {path: "/w/1/train", query: {dataset: "2"}}. A name
 * that is repeated has its values a line each.
 */
export function currentAddress() {
  const [path, ...rest] = (location.hash.slice(1) || "/").split("?");
  const said = new URLSearchParams(rest.join("?"));
  return { path, query: Object.fromEntries([...said.keys()].map((name) => [name, said.getAll(name).join("\n")])) };
}

/** The current address; the component renders again when it changes. */
export function useAddress() {
  const [address, setAddress] = useState(currentAddress);
  useEffect(() => {
    const take = () => setAddress(currentAddress());
    addEventListener("hashchange", take);
    // It may have changed before anybody listened, as while the language does.
    const now = currentAddress();
    setAddress((last) => (JSON.stringify(last) === JSON.stringify(now) ? last : now));
    return () => removeEventListener("hashchange", take);
  }, []);
  return address;
}

/** Goes to an address; with `replace`, "back" does not return to the present one. */
export function goTo(path, { replace = false } = {}) {
  if (replace) location.replace(`#${path}`);
  else location.hash = path;
}

/**
 * Finds the route of a path.
 *
 * @param {Array<[string, any]>} routes patterns such as "/w/:workspace/sessions/:id"; a parameter is a
 *   whole number
 * @returns {{page: any, parameters: object} | null}
 */
export function match(routes, path) {
  for (const [pattern, page] of routes) {
    const names = [];
    const expression = pattern.replace(/:(\w+)/g, (_, name) => {
      names.push(name);
      return "(\\d+)";
    });
    const found = new RegExp(`^${expression}/?$`).exec(path);
    if (found) {
      return { page, parameters: Object.fromEntries(names.map((name, n) => [name, Number(found[n + 1])])) };
    }
  }
  return null;
}
