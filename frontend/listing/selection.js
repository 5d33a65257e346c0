// The selected rows of a list: kept for the tab, over all pages.

import { useDraft } from "../lib/data.js";
import { useRef } from "../lib/html.js";
import { chosenAfter } from "./view.js";

const NOTHING = { ids: [] };

/**
 * @param {string} name under which it is kept, such as "compare.3"
 * @param {number[]} shown the ids of the page
 * @returns {{ids: number[], choose: (ids: number[]) => void, chooseOne: (id: number, isRange?: boolean) => void,
 *   chooseAll: (isOn: boolean) => void}} `chooseAll`: all of the page
 */
export function useSelection(name, shown) {
  const [{ ids }, keep] = useDraft(name, NOTHING);
  const last = useRef(null);
  const choose = (next) => keep({ ids: next });
  const chooseOne = (id, isRange = false) => {
    choose(chosenAfter(ids, shown, id, last.current, isRange));
    last.current = id;
  };
  const chooseAll = (isOn) => {
    const others = ids.filter((each) => !shown.includes(each));
    choose(isOn ? [...others, ...shown] : others);
  };
  return { ids, choose, chooseOne, chooseAll };
}
