// How a file is to be read: what the server recognised, what a person chose, and what of it must be said.

import { CLASSES, COLUMNS, REQUIRED } from "../lib/columns.js";

/** The columns that may be read from another column of the file. */
export const MAPPED = [...COLUMNS, "label", "star"];

/** Those without which a table is of no use, by what it is read for: to be learnt from, or to be predicted. */
export const NEEDED = { dataset: [...REQUIRED, "label"], batch: REQUIRED };

/** The units that numbers may be in, ours first; the other columns have one unit only. */
export const UNIT_CHOICES = {
  period: ["days", "hours", "minutes", "years"],
  duration: ["hours", "days", "minutes", "seconds"],
  depth: ["ppm", "ppt", "percent", "fraction", "flux"],
  srad: ["rsun", "km", "m"],
};

// The server shows no more of a word than this sign ends.
const CUT = "…";

// Of words whose rows were not counted.
const READ_AS = { 0: 0, 1: 1 };

/**
 * @typedef {object} Reading
 * @property {object | null} guess the preview of the file with nothing said
 * @property {string} table the file's table that was chosen; "": none
 * @property {object} columns by our column, the file's that was chosen; "": not in the file
 * @property {object} units by our column, the unit that was chosen; "": as recognised
 * @property {object} labels by word, the label's code as a text; "": as recognised
 * @property {object} doubts by our column, why a unit is proposed, as a preview's `units` has it
 * @property {object} words by word of the labels, `rows` that have it, null if they were not counted, and the
 *   `code` that it has if nothing is said, null for none
 */
export const NOTHING_CHOSEN = { guess: null, table: "", columns: {}, units: {}, labels: {}, doubts: {}, words: {} };

/** Chooses one of the file's tables; what was chosen for another one is forgotten. */
export function chooseTable(table) {
  return { ...NOTHING_CHOSEN, table };
}

/** The file's tables, where there are several: as a refusal or a preview names them. */
export function tablesIn({ error, data } = {}) {
  const tables = error?.problem?.tables ?? data?.profile?.file?.tables ?? [];
  return tables.length > 1 ? tables : [];
}

/** Whether a file was refused for what it says of its columns: then the page asks at once. */
export function mayBeMapped({ status, problem }) {
  return status === 422 && (problem.found?.length > 1 || problem.tables?.length > 1);
}

/** The name in the file of one of our columns, "" if it is not there. */
export function nameOf(reading, column) {
  return reading.columns[column] ?? guessed(reading, column);
}

/** The file's column, as the preview has it, that one of ours is read from. */
export function fileColumn(reading, column) {
  const name = nameOf(reading, column);
  return name === "" ? undefined : reading.guess.columns.find((each) => each.name === name);
}

/** Chooses the file's column; what was said of the numbers or words of the last one is forgotten. */
export function chooseColumn(reading, column, name) {
  const without = (values) => Object.fromEntries(Object.entries(values).filter(([key]) => key !== column));
  const words = column === "label" ? { labels: {}, words: {} } : {};
  return {
    ...reading,
    ...words,
    columns: { ...reading.columns, [column]: name },
    units: without(reading.units),
    doubts: without(reading.doubts),
  };
}

/** Our columns that are read from one that is chosen for another as well. */
export function clashes(reading) {
  const names = MAPPED.map((column) => nameOf(reading, column));
  return MAPPED.filter((_, n) => names[n] !== "" && names.indexOf(names[n]) !== names.lastIndexOf(names[n]));
}

/**
 * What the server must be told: only what differs from its own guess, so that a form in which nothing
 * was changed leads to the same dataset as none.
 *
 * @param {Reading} reading
 * @returns {{columns: object, units: object, labels: object, table: string}}
 */
export function whatIsSaid(reading) {
  const chosen = (values, isSaid) => Object.fromEntries(Object.entries(values).filter(([key]) => isSaid(key)));
  const labels = chosen(reading.labels, (word) => reading.labels[word] !== "");
  return {
    columns: chosen(reading.columns, (column) => reading.columns[column] !== guessed(reading, column)),
    units: chosen(reading.units, (column) => isUnitSaid(reading, column)),
    labels: Object.fromEntries(Object.entries(labels).map(([word, code]) => [word, Number(code)])),
    table: reading.table,
  };
}

export function isNothingSaid(said) {
  return Object.values(said).every((values) => !Object.keys(values).length);
}

/**
 * The reading after the server has looked at it. A unit that it finds likely is chosen, unless one was
 * chosen by hand; the words of the labels can be given a meaning, those that it does not know first.
 */
export function afterLook(reading, answer) {
  const isFirst = reading.guess === null;
  const next = { ...reading, guess: isFirst ? answer : reading.guess };
  const doubted = answer.units.filter(({ column }) => !(column in reading.units) && column in UNIT_CHOICES);
  const entries = (value) => Object.fromEntries(doubted.map((each) => [each.column, value(each)]));
  return {
    ...next,
    units: { ...reading.units, ...entries(({ likely }) => likely) },
    doubts: { ...reading.doubts, ...entries((each) => each) },
    words: { ...reading.words, ...wordsIn(next, answer) },
  };
}

/** Where the unit of a column without a choice comes from: "name", "form" or "ours". */
export function unitSource(reading, column) {
  const { guess } = reading;
  const unit = fileColumn(reading, column)?.unit;
  if (unit && guess.units_known[column]?.includes(plain(unit))) return "name";
  return guess.form === "exotrain" || column in reading.columns ? "ours" : "form";
}

function isUnitSaid(reading, column) {
  const unit = reading.units[column];
  if (unit === "" || nameOf(reading, column) === "") return false;
  if (column in reading.doubts) return true;
  const source = unitSource(reading, column);
  if (source === "name") return unit !== plain(fileColumn(reading, column).unit);
  return source === "form" || unit !== UNIT_CHOICES[column][0];
}

function guessed({ guess }, column) {
  return guess?.columns.find((each) => each.column === column)?.name ?? "";
}

function wordsIn(reading, answer) {
  const report = answer.profile?.report;
  if (report) return { ...unknownWords(report), ...knownWords(report) };
  if (answer.missing.length) return {};
  const examples = fileColumn(reading, "label")?.examples ?? [];
  return whole(examples.map((word) => [word, { rows: null, code: READ_AS[word] ?? null }]));
}

function unknownWords({ unknown_labels: unknown }) {
  return whole(Object.entries(unknown).map(([word, rows]) => [word, { rows, code: null }]));
}

function knownWords({ known_labels: known }) {
  return whole(Object.entries(known).map(([word, { rows, label }]) => [word, { rows, code: CLASSES.indexOf(label) }]));
}

function whole(words) {
  return Object.fromEntries(words.filter(([word]) => word !== "" && !word.endsWith(CUT)));
}

function plain(unit) {
  return unit.replace(/[\s_]/g, "").toLowerCase();
}
