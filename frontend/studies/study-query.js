// What the address of a study says of its predictions: sort, label, page; and what the server is asked.

import { CLASSES } from "../lib/columns.js";

export const PAGE = 25;

/** The first is that of the table. */
export const SORTS = ["row", "planet", "confirmed", "spread"];

/**
 * What an address asks for; what it does not say, or says wrong, is as at first.
 *
 * @param {Object<string, string>} query
 * @returns {{sort: string, label: string, page: number}} `page` from 0
 */
export function viewOf({ sort, label, page }) {
  const number = Number(page ?? 1) - 1;
  return {
    sort: SORTS.includes(sort) ? sort : SORTS[0],
    label: CLASSES.includes(label) ? label : "",
    page: Number.isInteger(number) && number >= 0 ? number : 0,
  };
}

/** The part of the address that says so. */
export function addressOf({ sort, label, page }) {
  return { sort: sort === SORTS[0] ? null : sort, label: label || null, page: page > 0 ? String(page + 1) : null };
}

/** The same for the server, but for the page. */
export function askedOf({ sort, label }) {
  return { sort, label: label || null };
}
