// The labels that a vote may give a row: their keys and their names.

import { CLASSES } from "../lib/columns.js";
import { t } from "../lib/i18n.js";
import { className } from "../ui/basics.js";

/** Leaves a row out; the API's word. */
export const EXCLUDE = "exclude";

/** What one may vote for; null is only a comment, and leaves the label to the file. */
export const CHOICES = [...CLASSES, EXCLUDE, null];

/** A label that votes may give a row, in words. */
export function labelName(label) {
  return label === EXCLUDE ? t("labels.exclude") : className(label);
}

/** A vote in words: its label, or that it leaves that to the file. */
export function choiceName(label) {
  return label === null ? t("labels.ofFile") : labelName(label);
}

/** Whether people have given a row, as the API lists it, another label than the file's. */
export function isChanged({ label_name: inFile, effective_label: label }) {
  return label !== undefined && label !== inFile;
}

/**
 * What a key does to the label of the chosen row.
 *
 * @param {string} key such as "0"
 * @returns {{label: string} | {isUndo: true} | null} null: nothing
 */
export function keyAct(key) {
  if (key === "u" || key === "U") return { isUndo: true };
  if (key === "x" || key === "X") return { label: EXCLUDE };
  return /^\d$/.test(key) && Number(key) < CLASSES.length ? { label: CLASSES[Number(key)] } : null;
}

/**
 * The layer after an answer of the server: an older one, that came late, is left.
 *
 * @param {{rule: string | null, revision: number | null, changes: number}} last
 * @param {{rule: string, revision: number}} answer
 * @returns {object} the same object where nothing is new; `changes` grows with each later revision
 */
export function newerLayer(last, { rule, revision }) {
  if (last.revision !== null && revision <= last.revision) return last;
  return { rule, revision, changes: last.changes + (last.revision === null ? 0 : 1) };
}
