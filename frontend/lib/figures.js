// The metrics of an evaluation: how each is written, whether more is better, how two compare.

import { fixed, percent } from "./i18n.js";

/**
 * @typedef {object} Figure
 * @property {string} name of its texts, "evaluation.figure.<name>" and "explain.<name>"
 * @property {1 | -1} better 1 where more is better
 * @property {(value: number | null) => string} write
 * @property {(figures: object) => number | null | undefined} of the value in an evaluation or a baseline;
 *   also the interval in its `intervals`, which are named alike
 */

const three = (value) => fixed(value, 3);
const share = (value) => percent(value);

/** @type {Figure[]} The main metrics of an evaluation. */
export const HEADLINE = [
  { name: "accuracy", better: 1, write: share, of: (figures) => figures.accuracy },
  { name: "macro_f1", better: 1, write: three, of: (figures) => figures.macro_f1 },
  { name: "log_loss", better: -1, write: three, of: (figures) => figures.log_loss },
  { name: "ece", better: -1, write: three, of: (figures) => figures.ece },
  { name: "roc_auc", better: 1, write: three, of: (figures) => figures.roc_auc?.macro },
  { name: "recall_at_precision", better: 1, write: share, of: recallAtPrecision },
];

export const BASELINES = ["same_information", "all_columns"];

/** The three metrics shown for a model where there is little room. */
export const BRIEF = HEADLINE.slice(0, 3);

/** The value of a metric with its 95% interval, null where there is none. */
export function valueOf(figure, figures) {
  const value = figure.of(figures) ?? null;
  const interval = figures.intervals ? figure.of(figures.intervals) : null;
  return { value, interval: value !== null && Array.isArray(interval) ? interval : null };
}

/**
 * Compares two values of a metric.
 *
 * @param {Figure} figure
 * @param {{value: number | null, interval: number[] | null}} own
 * @param {{value: number | null, interval: number[] | null}} other
 * @returns {{side: "better" | "worse" | "equal", chance: "apart" | "overlap" | "unknown"} | null}
 *   null where one of them is not known; `chance`: whether the intervals overlap
 */
export function compare(figure, own, other) {
  if (own.value === null || other.value === null) return null;
  const difference = (own.value - other.value) * figure.better;
  const side = difference > 0 ? "better" : difference < 0 ? "worse" : "equal";
  return { side, chance: overlap(own.interval, other.interval) };
}

function overlap(one, other) {
  if (!one || !other) return "unknown";
  return one[0] <= other[1] && other[0] <= one[1] ? "overlap" : "apart";
}

/** The metric is an object with its threshold; its interval is a pair. */
function recallAtPrecision({ recall_at_precision: figure }) {
  return Array.isArray(figure) ? figure : figure?.recall;
}
