// Maps the header of a catalogue to our columns, as in backend/transit/catalog/column_names.py.

import { COLUMNS, REQUIRED } from "../lib/columns.js";

/** Our columns to header names in lower case; the first one present is taken. */
export const FORMATS = {
  exotrain: {
    period: ["period", "orbital_period"],
    duration: ["duration", "duration_hours", "transit_duration"],
    depth: ["depth", "depth_ppm", "transit_depth"],
    impact: ["impact", "impact_parameter"],
    snr: ["snr", "model_snr"],
    steff: ["steff", "teff"],
    srad: ["srad", "stellar_radius"],
    slogg: ["slogg", "logg"],
    tmag: ["tmag", "kepmag"],
    label: ["label", "disposition"],
    star: ["star", "kepid", "tid"],
  },
  koi: {
    period: ["koi_period"],
    duration: ["koi_duration"],
    depth: ["koi_depth"],
    impact: ["koi_impact"],
    snr: ["koi_model_snr"],
    steff: ["koi_steff"],
    srad: ["koi_srad"],
    slogg: ["koi_slogg"],
    tmag: ["koi_kepmag"],
    label: ["koi_disposition"],
    star: ["kepid"],
  },
  toi: {
    period: ["pl_orbper"],
    duration: ["pl_trandurh"],
    depth: ["pl_trandep"],
    steff: ["st_teff"],
    srad: ["st_rad"],
    slogg: ["st_logg"],
    tmag: ["st_tmag"],
    label: ["tfopwg_disp"],
    star: ["tid"],
  },
};

// Columns that name a candidate; the network never sees them.
const NAMES = ["kepoi_name", "toi", "pl_name", "name", "candidate", "kepler_name", "hostname"];

const MISSING = new Set(["", "nan", "na", "n/a", "<na>", "null", "none", "--"]);

/**
 * Finds the format that fits a header best, and where its columns are.
 *
 * @param {string[]} header
 * @returns {{source: string, fields: Object<string, number>, names: number[]}} `fields` of our columns,
 *   `label` and `star`; `names` of the columns that name a candidate, the most informative first
 */
export function recognise(header) {
  const position = new Map();
  header.forEach((name, at) => {
    const key = name.trim().toLowerCase();
    if (!position.has(key)) position.set(key, at);
  });
  const forms = Object.entries(FORMATS).map(([source, form]) => ({ source, fields: fieldsOf(form, position) }));
  const best = forms.reduce((a, b) => (fit(b.fields) > fit(a.fields) ? b : a));
  const names = NAMES.filter((name) => position.has(name)).map((name) => position.get(name));
  return { ...best, names };
}

function fieldsOf(form, position) {
  const fields = {};
  for (const [column, names] of Object.entries(form)) {
    const present = names.find((name) => position.has(name));
    if (present) fields[column] = position.get(present);
  }
  return fields;
}

/** The required columns count first, then the others. */
function fit(fields) {
  const count = (columns) => columns.filter((column) => column in fields).length;
  return 100 * count(REQUIRED) + count([...COLUMNS, "label", "star"]);
}

// Before exactly three digits a dot or a comma may be decimal or group digits; as in catalog/numbers.py.
const EITHER = /^[+-]?[1-9]\d{0,2}(?:(?:\.\d{3})+|(?:,\d{3})+)$/;
const GROUPED = {
  dot: /^[+-]?[1-9]\d{0,2}(?:(?:,\d{3})+|(?:[ \u00a0\u2009\u202f'’]\d{3})+)(?:\.\d*)?$/,
  comma: /^[+-]?[1-9]\d{0,2}(?:(?:\.\d{3})+|(?:[ \u00a0\u2009\u202f'’]\d{3})+)(?:,\d*)?$/,
};

/**
 * A cell as a number, null where there is none.
 *
 * @param {string | undefined} cell
 * @param {string} [sign] of its column, as the server tells it: "dot", "comma", or "unknown" where each
 *   number must tell its own; without it, "9,48" is 9.48
 */
export function asNumber(cell, sign) {
  const text = (cell ?? "").trim().replace(/^'/, "");
  if (MISSING.has(text.toLowerCase())) return null;
  if (sign === "unknown" && EITHER.test(text)) return null;
  const isComma = sign === "dot" || sign === "comma" ? sign === "comma" : hasDecimalComma(text);
  const digits = GROUPED[isComma ? "comma" : "dot"].test(text) && sign ? withoutMarks(text, isComma) : text;
  if (isComma && digits.includes(".")) return null;
  const value = Number(isComma ? digits.replace(",", ".") : digits);
  return Number.isFinite(value) ? value : null;
}

function hasDecimalComma(text) {
  return text.includes(",") && text.lastIndexOf(",") > text.lastIndexOf(".");
}

function withoutMarks(text, isComma) {
  return text.replace(isComma ? /[. \u00a0\u2009\u202f'’]/g : /[, \u00a0\u2009\u202f'’]/g, "");
}

/** A cell as text, without the apostrophe that keeps a spreadsheet from running it. */
export function asText(cell) {
  return (cell ?? "").replace(/^'(?=\s*[=+\-@\t\r\n＝＋－＠])/, "").trim();
}
