// What the address of a list says: sort, filters, search, group, columns, page; and what the server is asked.

export const PAGE = 50;

const SIGN = /^([a-z0-9_]+)(:|>=|<=|>|<)([^]+)$/;

/**
 * What an address asks for; what it does not say is as at first.
 *
 * @param {Record<string, string>} query of the address; a repeated name has its values a line each
 * @param {{columns: string[], sort: string}} initial
 */
export function viewOf(query, initial) {
  const filters = (query.filter ?? "").split("\n").filter((each) => SIGN.test(each));
  if (query.status) filters.push(`status:${query.status}`); // addresses of earlier releases
  return {
    sort: query.sort || initial.sort,
    filters: [...new Set(filters)],
    q: query.q ?? "",
    group: query.group ?? "",
    columns: query.columns ? query.columns.split(",") : initial.columns,
    isCards: query.view === "cards",
    cursor: query.cursor ?? "",
    from: /^[1-9]\d{0,8}$/.test(query.from ?? "") && query.cursor ? Number(query.from) : 1,
  };
}

/** The part of the address that says so. */
export function addressOf(view, initial) {
  const said = new URLSearchParams();
  const add = (name, value) => value && said.append(name, value);
  add("sort", view.sort !== initial.sort && view.sort);
  for (const each of view.filters) add("filter", each);
  add("q", view.q);
  add("group", view.group);
  add("columns", view.columns.join() !== initial.columns.join() && view.columns.join());
  add("view", view.isCards && "cards");
  add("cursor", view.cursor);
  add("from", view.cursor && String(view.from));
  return said.toString();
}

/** The query of the server, without the page. */
export function choiceOf(workspace, { sort, filters, q, group }) {
  const asked = new URLSearchParams({ workspace_key: workspace.key, sort });
  for (const each of filters) asked.append("filter", each);
  if (q.trim()) asked.append("q", q.trim());
  if (group) asked.append("group", group);
  return asked;
}

/** The address of a page of the list on the server. */
export function pageOf(path, workspace, view) {
  const asked = choiceOf(workspace, view);
  asked.append("limit", String(PAGE));
  if (view.cursor) asked.append("cursor", view.cursor);
  return `${path}?${asked}`;
}

/** The page before one that begins at a place: the first one has no cursor, so that new rows come into it. */
export function pageBefore(from, previousCursor) {
  const start = from - PAGE;
  return start > 1 && previousCursor ? { cursor: previousCursor, from: start } : { cursor: "", from: 1 };
}

/** A filter in its parts, `{name, sign, value}`. */
export function filterParts(text) {
  const [, name, sign, value] = SIGN.exec(text);
  return { name, sign, value };
}

/** Falling, then rising, then as at first; texts and settings rise first. */
export function nextSort(sort, key, initial, isFallingFirst) {
  const [first, second] = isFallingFirst ? [`-${key}`, key] : [key, `-${key}`];
  if (sort === first) return second;
  return sort === second ? initial : first;
}

/** A selection after a click: with shift all from the last one clicked to this one. */
export function chosenAfter(ids, shown, id, last, isRange) {
  const isOn = !ids.includes(id);
  const [from, to] = [shown.indexOf(last), shown.indexOf(id)].sort((a, b) => a - b);
  const touched = isRange && from >= 0 ? shown.slice(from, to + 1) : [id];
  const left = ids.filter((each) => !touched.includes(each));
  return isOn ? [...left, ...touched] : left;
}
