// Reads the server's CSV of predictions into results, in pieces, and counts them.

import { recognise } from "../results/catalogue.js";
import { readCsv } from "../lib/csv.js";
import { ADDED, countResult, countResults, csvResults } from "../results/results.js";

/** The most rows kept for the table; the counts and the CSV include all. */
export const MOST_KEPT = 50_000;

/**
 * @typedef {object} BatchAnswer
 * @property {string[]} header of the table's own columns
 * @property {string} source the format of the catalogue
 * @property {string | null} labelColumn the name of the column that held labels
 * @property {import("../results/results.js").Result[]} results
 * @property {object} counts as `countResults` gives them
 */

/**
 * Reads the answer.
 *
 * @param {Blob} blob
 * @param {object} options
 * @param {Object<string, string>} [options.signs] how the server has read our columns, from `signsOf`
 * @param {(share: number) => void} options.onProgress
 * @param {AbortSignal} options.signal
 * @returns {Promise<BatchAnswer>}
 */
export async function readAnswer(blob, { signs = {}, ...options }) {
  let head = null;
  const results = [];
  const counts = countResults([]);
  const take = (record) => {
    if (head === null) {
      head = readHead(record, signs);
      return;
    }
    const result = head.read(record, counts.all);
    countResult(counts, result);
    if (results.length < MOST_KEPT) results.push(result);
  };
  await readCsv(blob, take, options);
  const { header, source, labelColumn } = head;
  return { header, source, labelColumn, results, counts };
}

/** The decimal sign of each of our columns: "depth=comma, period=dot" as an object. */
export function signsOf(header) {
  const pairs = (header ?? "").split(",").map((each) => each.trim().split("="));
  return Object.fromEntries(pairs.filter(([column, sign]) => column && sign));
}

function readHead(record, signs) {
  // The server's columns come last, even if a table that was predicted before already has them.
  const header = record.slice(0, record.length - ADDED.length);
  const form = recognise(header);
  const { source, fields } = form;
  const labelColumn = "label" in fields ? header[fields.label] : null;
  return { header, source, labelColumn, read: csvResults(header.length, form, signs) };
}
