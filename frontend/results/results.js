// Predicted candidates for the tables: of a catalogue or a saved analysis.

import { asNumber } from "./catalogue.js";
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
  "sparse",
  "candidates_on_star",
  "sibling_period_ratio",
  "nearest_sibling",
  "ephemeris_matches",
  "match_separation_arcsec",
  "match_depth_ratio",
  "match_magnitude_difference",
  "ephemeris_match",
  "relations_in_words",
  "light_curve",
  "trained_on_simulated",
  "prediction_error",
];

/**
 * @typedef {object} Result
 * @property {number} place from 0, in the file or the analysis
 * @property {string} name of the candidate, or of its star
 * @property {string} star
 * @property {string | null} [ownLabel] of the file: a class, or the table's own words
 * @property {Object<string, number | null>} values the nine columns
 * @property {string | null} label
 * @property {(number | null)[]} probabilities in the order of CLASSES
 * @property {boolean | null} uncertain
 * @property {Object<string, any>} diagnostics density_ratio, planet_radius, is_grazing, single_transit_snr
 * @property {string[]} missing
 * @property {string[]} outside
 * @property {boolean | null} sparse few training rows of the model lie near
 * @property {object | null} [relations] to other rows; without them: of an earlier release
 * @property {boolean | null} [lightCurve] it rests on a real light curve; null: none was brought
 * @property {boolean | null} simulated the model was trained on simulated data
 * @property {string | null} error
 * @property {string} [words] of an analysis what a search looks in, in lower case
 * @property {string[]} [cells] the table's own, as they are
 * @property {Object<string, string>} [garbled] of the nine columns what is no number
 * @property {any} [candidate] of an analysis, as it was saved
 * @property {any} [prediction] of an analysis, as it was saved
 */

/**
 * A row of a predicted catalogue, as the server shows it.
 *
 * @param {object} row
 * @param {{fields: Object<string, {at: number}>}} table how the catalogue was read
 * @returns {Result}
 */
export function batchResult(row, { fields }) {
  return {
    place: row.row,
    star: row.star,
    name: row.name || row.star,
    ownLabel: row.label,
    values: row.values,
    label: row.predicted_label,
    probabilities: CLASSES.map((label) => row.probabilities[label] ?? null),
    uncertain: row.uncertain,
    diagnostics: {
      density_ratio: row.density_ratio,
      planet_radius: row.planet_radius_earth,
      is_grazing: row.is_grazing,
      single_transit_snr: row.single_transit_snr,
    },
    missing: row.missing_inputs,
    outside: row.outside_training_range,
    sparse: row.sparse,
    simulated: row.trained_on_simulated,
    relations: row.relations,
    lightCurve: row.light_curve,
    error: row.prediction_error,
    garbled: row.prediction_error === null ? {} : garbledOf(row, fields),
    cells: row.cells,
  };
}

/** What the cells have where a number should be. */
function garbledOf({ values, cells }, fields) {
  const texts = COLUMNS.filter((column) => column in fields && values[column] === null)
    .map((column) => [column, (cells[fields[column].at] ?? "").trim()]);
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
    sparse: prediction.diagnostics?.is_sparse ?? null,
    simulated: prediction.simulated ?? null,
    relations: prediction.relations,
    lightCurve: prediction.light_curve ?? null,
    error: prediction.error ?? null,
    words: star.toLowerCase(),
    candidate,
    prediction,
  };
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

/**
 * A prediction of a table's row that was made again for that row alone: its class and its relations are those
 * that the row has in the table, where the model is told of its neighbours and sees its light curve.
 *
 * @param {object} prediction
 * @param {Result} result of the row, which was predicted
 */
export function asInTable(prediction, { label, probabilities, uncertain, relations, lightCurve }) {
  const unlike = prediction.unlike_training ?? [];
  return {
    ...prediction,
    label: CLASSES.indexOf(label),
    label_name: label,
    probabilities: Object.fromEntries(CLASSES.map((name, n) => [name, probabilities[n]])),
    uncertain,
    relations,
    light_curve: lightCurve ?? null,
    unlike_training: unlike.filter(({ code }) => !relations || code !== "no_relations"),
  };
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
    flag(result.sparse),
    ...relationCells(result.relations ?? {}),
    flag(result.lightCurve),
    flag(result.simulated),
    result.error,
  ];
}

/** The cells of relations; all empty where nothing is known. */
function relationCells({ sibling, match, sentences, ...numbers }) {
  return [
    numbers.candidates_on_star,
    numbers.sibling_period_ratio,
    otherCell(sibling),
    numbers.ephemeris_matches,
    numbers.match_separation,
    numbers.match_depth_ratio,
    numbers.match_magnitude_difference,
    otherCell(match),
    (sentences ?? []).join(" "),
  ];
}

function otherCell(other) {
  if (!other) return "";
  return `${other.name || `line ${other.line}`}${other.in_training_table ? " (training table)" : ""}`;
}

export const EXPORT_HEADER = ["star", ...COLUMNS, ...ADDED];
