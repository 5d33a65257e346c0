// What the cells of a catalogue mean; which column is which, the server tells.

// Columns that name a candidate, the most informative first; the network never sees them.
const NAMES = ["kepoi_name", "toi", "pl_name", "name", "candidate", "kepler_name", "hostname"];

const MISSING = new Set(["", "nan", "na", "n/a", "<na>", "null", "none", "--"]);

/** The positions of the columns that name a candidate, the most informative first. */
export function namesIn(header) {
  const names = header.map((name) => name.trim().toLowerCase());
  return NAMES.map((name) => names.indexOf(name)).filter((at) => at >= 0);
}

/** A cell as a number, null where there is none: 9.48 and "9,48" are the same. */
export function asNumber(cell) {
  const text = (cell ?? "").trim().replace(/^'/, "");
  if (MISSING.has(text.toLowerCase())) return null;
  const isComma = text.includes(",") && text.lastIndexOf(",") > text.lastIndexOf(".");
  if (isComma && text.includes(".")) return null;
  const value = Number(isComma ? text.replace(",", ".") : text);
  return Number.isFinite(value) ? value : null;
}
