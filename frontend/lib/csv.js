// Writes CSV (RFC 4180).

/** A table as a CSV file; null is an empty cell. */
export function toCsv(header, rows) {
  const lines = [header, ...rows].map((cells) => cells.map(asCell).join(","));
  return new Blob([`${lines.join("\n")}\n`], { type: "text/csv" });
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const FORMULA = /^\s*[=+\-@\t\r\n＝＋－＠]/;

function asCell(value) {
  if (value === null || value === undefined) return "";
  const text = harmless(String(value));
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** As on the server: a spreadsheet shows the cell instead of running it as a formula. */
function harmless(text) {
  return FORMULA.test(text) && !NUMBER.test(text.trim()) ? `'${text}` : text;
}
