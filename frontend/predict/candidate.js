// A candidate as it is typed, as the API takes it, and as it stands in an address.

import { COLUMNS, HOURS_A_DAY, RANGES, REQUIRED } from "../lib/columns.js";
import { number, t } from "../lib/i18n.js";

/** What a form without anything typed holds. */
export const NOTHING_TYPED = { star: "", ...Object.fromEntries(COLUMNS.map((column) => [column, ""])) };

/** What was typed as a number: with a point or a comma, with or without spaces between the thousands. */
export function readNumber(text) {
  const plain = String(text).replace(/[\s\u00a0\u202f'’]/g, "");
  const comma = !plain.includes(".") && plain.split(",").length === 2;
  return /^[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?$/i.test(plain)
    ? Number(comma ? plain.replace(",", ".") : plain)
    : NaN;
}

/**
 * Checks what was typed.
 *
 * @param {Object<string, string>} typed by column, and `star`
 * @returns {{candidate: object, errors: Object<string, string>}} the candidate as the API takes it, null
 *   where unknown; and by column what is wrong with it
 */
export function readCandidate(typed) {
  const candidate = { star: typed.star.trim() || null };
  const errors = {};
  for (const column of COLUMNS) {
    const text = typed[column].trim();
    candidate[column] = text === "" ? null : readNumber(text);
    const error = errorOf(column, candidate[column]);
    if (error) errors[column] = error;
  }
  if (!errors.duration && !errors.period && isTooLong(candidate)) errors.duration = tooLong(candidate);
  return { candidate, errors };
}

function errorOf(column, value) {
  if (value === null) return REQUIRED.includes(column) ? t("predict.error.required") : null;
  if (Number.isNaN(value)) return t("predict.error.number");
  const [low, high] = RANGES[column];
  return value < low || value > high ? t("predict.error.range", { low, high }) : null;
}

/** Whether the transit would last as long as the orbit. */
export function isTooLong({ period, duration }) {
  return duration >= period * HOURS_A_DAY;
}

/** Why such a candidate is none. */
export function tooLong({ period }) {
  return t("predict.error.duration", { hours: number(period * HOURS_A_DAY), period });
}

/** What a candidate is called, or what it is. */
export function nameOf({ star, period }) {
  return star === null || star === undefined || star === "" ? t("predict.unnamed", { period }) : String(star);
}

/** A candidate as a part of an address; what is unknown is not in it. */
export function toQuery(candidate, others = {}) {
  const given = { ...others, star: candidate.star };
  for (const column of COLUMNS) given[column] = candidate[column];
  const told = Object.entries(given).filter(
    ([, value]) => value !== null && value !== undefined && value !== "",
  );
  return new URLSearchParams(told.map(([name, value]) => [name, String(value)])).toString();
}

/** What an address says of a candidate, as if it were typed; null where it says nothing. */
export function fromQuery(query) {
  if (!COLUMNS.some((column) => column in query)) return null;
  return Object.fromEntries(Object.keys(NOTHING_TYPED).map((name) => [name, query[name] ?? ""]));
}
