// Predicted candidates for the tables: from the server's CSV or a saved analysis.

import { asNumber, asText, namesIn } from "./catalogue.js";
import { CLASSES, COLUMNS } from "../lib/columns.js";

const MAX_NAME = 200;

/** The columns that the server's CSV adds after the table's own. */
export const ADDED = [
  "predicted_label",
  "p_candidate",
  "p_confirmed",
  "p_false_positive",
  "predicted_period",
  "predicted_depth_ppm",
  "uncertain",
  "density_ratio",
  "planet_radius_earth",
  "is_grazing",
  "single_transit_snr",
  "missing_inputs",
  "outside_training_range",
  "prediction_error",
];

/**
 * @typedef {object} Result
 * @property {number} place from 0, in the file or the analysis
 * @property {string} name of the candidate, or of its star
 * @property {string} star
 * @property {Object<string, number | null>} values the nine columns
 * @property {string | null} label
 * @property {(number | null)[]} probabilities in the order of CLASSES
 * @property {boolean | null} uncertain
 * @property {Object<string, any>} diagnostics density_ratio, planet_radius, is_grazing, single_transit_snr
 * @property {string[]} missing
 * @property {string[]} outside
 * @property {string | null} error
 * @property {string} words what a search looks in, in lower case
 * @property {string[]} [cells] the table's own, as they are
 * @property {Object<string, string>} [garbled] of the nine columns what is no number
 * @property {any} [candidate] of an analysis, as it was saved
 * @property {any} [prediction] of an analysis, as it was saved
 */

/**
 * Makes the function that reads a record of the server's CSV.
 *
 * @param {string[]} header of the table's own columns, before those that the server added
 * @param {object} columns ours among them, from `columnsOf`
 * @param {string} [decimal] the sign of the server's numbers: "dot" or "comma"
 * @returns {(record: string[], place: number) => Result}
 */
export function csvResults(header, columns, decimal = "dot") {
  const at = Object.fromEntries(ADDED.map((name, n) => [name, header.length + n]));
  const names = namesIn(header);
  const searched = [...new Set([...names, ...("star" in columns ? [columns.star.at] : [])])];
  const own = (record, column) => ownNumber(record, columns[column]);
  return (record, place) => {
    const number = (name) => asNumber(record[at[name]], decimal);
    const star = "star" in columns ? asText(record[columns.star.at]) : "";
    const error = asText(record[at.prediction_error]) || null;
    const named = names.map((column) => asText(record[column])).filter(Boolean);
    return {
      place,
      star,
      name: named[0] ?? star,
      values: Object.fromEntries(COLUMNS.map((column) => [column, own(record, column)])),
      label: record[at.predicted_label] || null,
      probabilities: [number("p_candidate"), number("p_confirmed"), number("p_false_positive")],
      uncertain: yesOrNo(record[at.uncertain]),
      diagnostics: {
        density_ratio: number("density_ratio"),
        planet_radius: number("planet_radius_earth"),
        is_grazing: yesOrNo(record[at.is_grazing]),
        single_transit_snr: number("single_transit_snr"),
      },
      missing: list(record[at.missing_inputs]),
      outside: list(record[at.outside_training_range]),
      error,
      garbled: error === null ? {} : garbledOf(record, columns),
      words: searched
        .map((column) => asText(record[column]))
        .join("\n")
        .toLowerCase(),
      cells: record.slice(0, header.length),
    };
  };
}

/** A number of the table in our unit; null where there is none. */
function ownNumber(record, column) {
  const number = column ? asNumber(record[column.at], column.decimal) : null;
  return number === null ? null : number * column.factor;
}

function garbledOf(record, columns) {
  const texts = COLUMNS.filter((column) => column in columns)
    .filter((column) => ownNumber(record, columns[column]) === null)
    .map((column) => [column, asText(record[columns[column].at])]);
  return Object.fromEntries(texts.filter(([, text]) => text !== ""));
}

/** A saved candidate with its prediction. One that could not be predicted may be any JSON value. */
export function savedResult(candidate, prediction, place) {
  const saved = typeof candidate === "object" && candidate !== null ? candidate : {};
  const star = saved.star === undefined || saved.star === null ? "" : String(saved.star);
  return {
    place,
    star,
    name: star,
    values: Object.fromEntries(COLUMNS.map((column) => [column, asNumber(String(saved[column] ?? ""))])),
    label: prediction.label_name ?? null,
    probabilities: CLASSES.map((label) => prediction.probabilities?.[label] ?? null),
    uncertain: prediction.uncertain ?? null,
    diagnostics: prediction.diagnostics ?? {},
    missing: prediction.missing ?? [],
    outside: (prediction.diagnostics?.outside_training_range ?? []).map((each) => each.column),
    error: prediction.error ?? null,
    words: star.toLowerCase(),
    candidate,
    prediction,
  };
}

function yesOrNo(cell) {
  return cell === "yes" ? true : cell === "no" ? false : null;
}

function list(cell) {
  return cell ? cell.split(";") : [];
}

export const NO_FILTER = { label: "", words: "", isUncertainOnly: false, isErrorOnly: false };

/** The results that pass a filter. */
export function filtered(results, { label, words, isUncertainOnly, isErrorOnly }) {
  const wanted = words.trim().toLowerCase();
  return results.filter(
    (each) =>
      (label === "" || each.label === label) &&
      (!isUncertainOnly || each.uncertain === true) &&
      (!isErrorOnly || each.error !== null) &&
      (wanted === "" || each.words.includes(wanted)),
  );
}

/**
 * The results sorted by a column, unknown values always last.
 *
 * @param {Result[]} results
 * @param {(result: Result) => number | string | boolean | null} valueOf
 * @param {boolean} isDescending
 */
export function sorted(results, valueOf, isDescending) {
  const sign = isDescending ? -1 : 1;
  const collator = new Intl.Collator(undefined, { numeric: true });
  const keyed = results.map((result) => ({ result, key: valueOf(result) }));
  const isUnknown = ({ key }) => key === null || key === undefined || key === "";
  keyed.sort((a, b) => {
    if (isUnknown(a) || isUnknown(b)) return isUnknown(a) - isUnknown(b);
    if (typeof a.key === "string" || typeof b.key === "string") {
      return sign * collator.compare(String(a.key), String(b.key));
    }
    return sign * (a.key - b.key);
  });
  return keyed.map(({ result }) => result);
}

/** The number in each class, uncertain, failed, and in all. */
export function countResults(results) {
  const counts = { classes: {}, uncertain: 0, errors: 0, all: 0 };
  for (const each of results) countResult(counts, each);
  return counts;
}

/** Adds one to counts. */
export function countResult(counts, { label, uncertain, error }) {
  counts.all += 1;
  if (error !== null) counts.errors += 1;
  else counts.classes[label] = (counts.classes[label] ?? 0) + 1;
  if (uncertain) counts.uncertain += 1;
}

/** A result as the API takes a candidate; a failed one keeps its cells that are not numbers. */
export function candidateOf(result) {
  return { star: fullName(result) || null, ...result.values, ...(result.garbled ?? {}) };
}

/** The candidate's name with its star's, as far as the API takes a name. */
function fullName({ name, star }) {
  const text = star && name !== star ? `${name} (${star})` : name;
  return text
    .replace(/[\p{Cc}\p{Cs}]/gu, " ")
    .trim()
    .slice(0, MAX_NAME);
}

/** A result as a row of a CSV: the star, the nine columns, the server's columns. */
export function exportRow(result) {
  const { values, probabilities, diagnostics, prediction } = result;
  const flag = (value) => (value === null || value === undefined ? null : value ? "yes" : "no");
  return [
    result.star,
    ...COLUMNS.map((column) => values[column]),
    result.label,
    ...probabilities,
    prediction?.period,
    prediction?.depth_ppm,
    flag(result.uncertain),
    diagnostics.density_ratio,
    diagnostics.planet_radius,
    flag(diagnostics.is_grazing),
    diagnostics.single_transit_snr,
    result.missing.join(";"),
    result.outside.join(";"),
    result.error,
  ];
}

export const EXPORT_HEADER = ["star", ...COLUMNS, ...ADDED];
