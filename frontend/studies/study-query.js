// What the address of a study says of its lists: sort, label and page of each; and what the server is asked.

import { CLASSES } from "../lib/columns.js";

// More than any table has.
const MOST_PAGES = 1e6;

/**
 * One list of a study's page.
 *
 * @typedef {{sorts: string[], labels: string[], size: number, names: {sort: string, label: string, page: string}}} List
 * `sorts`: the first is that of the start; `size`: rows a page; `names`: of its parts in the address
 */

/** @type {List} */
export const ROWS = {
  sorts: ["row", "planet", "confirmed", "spread"],
  labels: CLASSES,
  size: 25,
  names: { sort: "sort", label: "label", page: "page" },
};

/** @type {List} */
export const DOUBTS = {
  sorts: ["margin", "row"],
  labels: ["CONFIRMED", "FALSE POSITIVE"],
  size: 10,
  names: { sort: "doubts", label: "doubted", page: "doubts-page" },
};

/**
 * What an address asks for; what it does not say, or says wrong, is as at first.
 *
 * @param {List} list
 * @param {Object<string, string>} query
 * @returns {{sort: string, label: string, page: number}} `page` from 0
 */
export function viewOf({ sorts, labels, names }, query) {
  const [sort, label] = [query[names.sort], query[names.label]];
  const number = Number(query[names.page] ?? 1) - 1;
  return {
    sort: sorts.includes(sort) ? sort : sorts[0],
    label: labels.includes(label) ? label : "",
    page: Number.isInteger(number) && number >= 0 && number < MOST_PAGES ? number : 0,
  };
}

/** The part of the address that says so; null: as at first. */
export function addressOf({ sorts, names }, { sort, label, page }) {
  return {
    [names.sort]: sort === sorts[0] ? null : sort,
    [names.label]: label || null,
    [names.page]: page > 0 ? String(page + 1) : null,
  };
}

/** The same for the server, but for the page. */
export function askedOf({ sort, label }) {
  return { sort, label: label || null };
}
