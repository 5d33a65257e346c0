// Estimates the cost of a session: rows, and time from earlier sessions.

import { CLASSES } from "../../lib/columns.js";

// Recent enough to reflect the present state of the machine.
const RECENT = 5;

/** The labelled rows: those used for training, validation and testing. */
export function labelledRows(dataset) {
  return CLASSES.reduce((sum, name) => sum + (dataset.class_counts[name] ?? 0), 0);
}

// What the server requires of a dataset; it alone knows the stars.
export const MIN_ROWS = 50;

/** The classes that a dataset has rows of. */
export function classesIn(dataset) {
  return CLASSES.filter((name) => dataset.class_counts[name] > 0);
}

/** Whether a session can be started on a dataset, as far as the list of datasets tells. */
export function isTrainable(dataset) {
  return labelledRows(dataset) >= MIN_ROWS && classesIn(dataset).length >= 2;
}

/** Approximate rows in each part; whole stars are split, so it is not exact. */
export function splitRows(rows, { validation_split, test_split }) {
  const validation = Math.round(rows * validation_split);
  const test = Math.round(rows * test_split);
  return { train: rows - validation - test, validation, test };
}

/**
 * The expected time, from completed sessions: with the same network if there are any.
 *
 * @param {object[]} sessions completed ones, newest first
 * @param {{network: string, epochs: number, ensemble: number, rows: number}} wanted
 * @returns {{seconds: number, epochSeconds: number, restSeconds: number, count: number,
 *   isSameNetwork: boolean} | null} null where nothing is known yet
 */
export function expectedTime(sessions, { network, epochs, ensemble, rows }) {
  const telling = sessions.filter(tellsTime);
  const same = telling.filter((each) => each.spec.network === network);
  const used = (same.length ? same : telling).slice(0, RECENT);
  if (used.length === 0) return null;
  const epochSeconds = median(used.map(secondsPerRow)) * rows * ensemble;
  const restSeconds = median(used.map(secondsBesidesEpochs));
  return {
    seconds: epochs * epochSeconds + restSeconds,
    epochSeconds,
    restSeconds,
    count: used.length,
    isSameNetwork: same.length > 0,
  };
}

/** An interrupted session is left out: its time includes the server's downtime. */
function tellsTime({ metrics, started_at, completed_at, training }) {
  return metrics?.epoch_seconds > 0 && started_at && completed_at && !training?.resumed_from_epoch;
}

function secondsPerRow({ metrics, dataset_size, spec }) {
  return metrics.epoch_seconds / dataset_size / (spec.ensemble ?? 1);
}

/** Drawing curves, building the graph, measuring the test stars. */
function secondsBesidesEpochs({ metrics, started_at, completed_at, epochs_completed }) {
  const whole = (new Date(completed_at) - new Date(started_at)) / 1000;
  return Math.max(0, whole - epochs_completed * metrics.epoch_seconds);
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
