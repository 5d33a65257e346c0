// What the cells of a catalogue mean; which column is which, the server tells.

// Columns that name a candidate, the most informative first; the network never sees them.
const NAMES = ["kepoi_name", "toi", "pl_name", "name", "candidate", "kepler_name", "hostname"];

const MISSING = new Set(["", "nan", "na", "n/a", "<na>", "null", "none", "--"]);

/** The positions of the columns that name a candidate, the most informative first. */
export function namesIn(header) {
  const names = header.map((name) => name.trim().toLowerCase());
  return NAMES.map((name) => names.indexOf(name)).filter((at) => at >= 0);
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
