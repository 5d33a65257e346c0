// What the address of a predicted catalogue says: filters, sort, page; and what the server is asked.

import { CLASSES } from "../lib/columns.js";
import { sortAfterClick } from "../results/sorting.js";

export const PAGE = 50;

/** The server's names of the columns that it sorts by, by their keys in the table. */
const SORTS = {
  name: "line",
  p0: "p_candidate",
  p1: "p_confirmed",
  p2: "p_false_positive",
  period: "period",
  depth: "depth",
};

const IN_ORDER = { key: "name", isDescending: false };

export const NO_FILTER = {
  words: "",
  label: "",
  isUncertainOnly: false,
  isErrorOnly: false,
  minConfirmed: "",
};

/** Whether the server can sort by a column of the table. */
export function isSortable(key) {
  return key in SORTS;
}

/**
 * What an address asks for; what it does not say, or says wrong, is as at first.
 *
 * @param {Object<string, string>} query
 * @returns {{filter: object, sort: {key: string, isDescending: boolean}, page: number, hasMore: boolean}}
 */
export function viewOf(query) {
  const page = Number(query.page ?? 1) - 1;
  return {
    filter: {
      words: query.words ?? "",
      label: CLASSES.includes(query.label) ? query.label : "",
      isUncertainOnly: query.uncertain === "1",
      isErrorOnly: query.error === "1",
      minConfirmed: isShare(query.min) ? query.min : "",
    },
    sort: { key: isSortable(query.sort) ? query.sort : IN_ORDER.key, isDescending: query.desc === "1" },
    page: Number.isInteger(page) && page >= 0 ? page : 0,
    hasMore: query.all === "1",
  };
}

/** The part of the address that says so. */
export function addressOf({ filter, sort, page, hasMore }) {
  const said = {
    words: filter.words,
    label: filter.label,
    uncertain: filter.isUncertainOnly && "1",
    error: filter.isErrorOnly && "1",
    min: filter.minConfirmed,
    sort: sort.key !== IN_ORDER.key && sort.key,
    desc: sort.isDescending && "1",
    page: page > 0 && String(page + 1),
    all: hasMore && "1",
  };
  return new URLSearchParams(Object.entries(said).filter(([, value]) => value)).toString();
}

/** The same for the server: filters and sort. */
export function askedOf({ filter, sort }) {
  return {
    words: filter.words.trim() || null,
    predicted_label: filter.label || null,
    uncertain: filter.isUncertainOnly || null,
    error: filter.isErrorOnly || null,
    min_confirmed: filter.minConfirmed || null,
    sort: sort.key === IN_ORDER.key ? null : SORTS[sort.key],
    descending: sort.isDescending || null,
  };
}

/** The sort after a click on a heading. */
export function nextSort(sort, key) {
  return sortAfterClick(sort, key, IN_ORDER);
}

export function isShare(text) {
  return Boolean(text?.trim()) && Number(text) >= 0 && Number(text) <= 1;
}
