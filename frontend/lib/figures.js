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

/** The baselines of an evaluation: one where a network sees all columns, since its trees are the same. */
export function baselinesOf({ baseline }) {
  const known = BASELINES.filter((name) => baseline?.[name]);
  const [one, other] = known.map((name) => JSON.stringify(baseline[name]));
  return one === other ? known.slice(-1) : known;
}

/** The three metrics shown for a model where there is little room. */
export const BRIEF = HEADLINE.slice(0, 3);

/** The value of a metric with its 95% interval, null where there is none. */
export function valueOf(figure, figures) {
  const value = figure.of(figures) ?? null;
  const interval = figures.intervals ? figure.of(figures.intervals) : null;
  return { value, interval: value !== null && Array.isArray(interval) ? interval : null };
}

/**
 * What the network's metric is against that of trees on the same rows.
 *
 * @param {Figure} figure
 * @param {object} evaluation the network's
 * @param {object} trees the figures of a baseline, `paired` among them but for sessions of earlier versions
 * @returns {{verdict: "better" | "worse" | "cannot_tell" | "not_measured", difference: number | null,
 *   interval: number[] | null} | null} null where one of the two is not known
 */
export function against(figure, evaluation, trees) {
  const [own, other] = [evaluation, trees].map((each) => valueOf(figure, each).value);
  if (own === null || other === null) return null;
  const paired = trees.paired?.[figure.name];
  return paired ?? { verdict: "not_measured", difference: own - other, interval: null };
}

/** A difference of a metric, with its sign: "+0.012" or "−1.5%". */
export function signed(figure, difference) {
  if (difference === null) return figure.write(null);
  const sign = difference > 0 ? "+" : difference < 0 ? "−" : "";
  return `${sign}${figure.write(Math.abs(difference))}`;
}

/** The metric is an object with its threshold; its interval is a pair. */
function recallAtPrecision({ recall_at_precision: figure }) {
  return Array.isArray(figure) ? figure : figure?.recall;
}
