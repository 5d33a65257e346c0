// Reads the server's CSV of predictions into results, in pieces, and counts them.

import { readCsv } from "../lib/csv.js";
import { ADDED, countResult, countResults, csvResults } from "../results/results.js";

/** The most rows kept for the table; the counts and the CSV include all. */
export const MOST_KEPT = 50_000;

/**
 * @typedef {object} BatchAnswer
 * @property {string[]} header of the table's own columns
 * @property {string} source the survey that the rows were taken for
 * @property {string | null} labelColumn the name of the column that held labels
 * @property {import("../results/results.js").Result[]} results
 * @property {object} counts as `countResults` gives them
 */

/**
 * Reads the answer.
 *
 * @param {Blob} blob
 * @param {object} options
 * @param {string} options.source the survey that the rows were taken for
 * @param {object} options.columns how the server has read the table, from `columnsOf`
 * @param {object} options.dialect of the answer, from `dialectOf`
 * @param {(share: number) => void} options.onProgress
 * @param {AbortSignal} options.signal
 * @returns {Promise<BatchAnswer>}
 */
export async function readAnswer(blob, { source, columns, dialect, ...options }) {
  let head = null;
  const results = [];
  const counts = countResults([]);
  const take = (record) => {
    if (head === null) {
      head = readHead(record, columns, dialect.decimal);
      return;
    }
    const result = head.read(record, counts.all);
    countResult(counts, result);
    if (results.length < MOST_KEPT) results.push(result);
  };
  await readCsv(blob, take, { ...options, separator: dialect.separator });
  const { header, labelColumn } = head;
  return { header, source, labelColumn, results, counts };
}

/**
 * Our columns in the table, from the header "depth=2;decimal=comma;factor=10000, label=9".
 *
 * @param {string | null} header
 * @returns {Object<string, {at: number, decimal?: string, factor: number}>}
 */
export function columnsOf(header) {
  const columns = {};
  for (const each of (header ?? "").split(",").filter((text) => text.trim())) {
    const [[column, at], ...how] = each.split(";").map((pair) => pair.trim().split("="));
    const { decimal, factor = "1" } = Object.fromEntries(how);
    columns[column] = { at: Number(at), decimal, factor: Number(factor) };
  }
  return columns;
}

const SEPARATORS = { comma: ",", semicolon: ";", tab: "\t", bar: "|" };

/** The answer's separator and decimal sign, from the header "separator=semicolon, decimal=comma". */
export function dialectOf(header) {
  const { separator, decimal } = Object.fromEntries((header ?? "").split(",").map((each) => each.trim().split("=")));
  return { separator: SEPARATORS[separator] ?? ",", decimal: decimal ?? "dot" };
}

function readHead(record, columns, decimal) {
  // The server's columns come last, even if a table that was predicted before already has them.
  const header = record.slice(0, record.length - ADDED.length);
  const labelColumn = "label" in columns ? header[columns.label.at] : null;
  return { header, labelColumn, read: csvResults(header, columns, decimal) };
}
