// A candidate as typed, as the API takes it, and as part of an address.

import { COLUMNS, HOURS_A_DAY, RANGES, REQUIRED } from "../lib/columns.js";
import { number, t } from "../lib/i18n.js";

/** The values of an empty form. */
export const NOTHING_TYPED = { star: "", ...Object.fromEntries(COLUMNS.map((column) => [column, ""])) };

/** A typed number: with a point or a comma, with or without thousands separators. */
export function readNumber(text) {
  const plain = String(text).replace(/[\s\u00a0\u202f'’]/g, "").replace("−", "-");
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

/** The error for such a candidate. */
export function tooLong({ period }) {
  return t("predict.error.duration", { hours: number(period * HOURS_A_DAY), period });
}

/** A candidate's name, or a description of it. */
export function nameOf({ star, period }) {
  return star === null || star === undefined || star === "" ? t("predict.unnamed", { period }) : String(star);
}

/** A candidate as a query string, without unknown values. */
export function toQuery(candidate, others = {}) {
  const given = { ...others, star: candidate.star };
  for (const column of COLUMNS) given[column] = candidate[column];
  const known = Object.entries(given).filter(
    ([, value]) => value !== null && value !== undefined && value !== "",
  );
  return new URLSearchParams(known.map(([name, value]) => [name, String(value)])).toString();
}

/** The candidate in an address, as if typed; null if there is none. */
export function fromQuery(query) {
  if (!COLUMNS.some((column) => column in query)) return null;
  return Object.fromEntries(Object.keys(NOTHING_TYPED).map((name) => [name, query[name] ?? ""]));
}
