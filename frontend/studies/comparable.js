// Which studies can be compared, and where the ends of an interval are drawn; without markup.

import { HEADLINE } from "../lib/figures.js";

/** Whether another study has tested rows of the same table, in the same groups. */
export function canBeCompared(study, other) {
  const isSame = ["dataset_sha256", "grouping"].every((name) => study.settings[name] === other.settings[name]);
  return isSame && other.id !== study.id && other.kind === "folds" && other.counts.completed > 0;
}

/**
 * The differences as a plot has them: more is better in each, and 1 is the farthest end of any interval.
 *
 * @param {Record<string, {difference: number | null, interval: number[] | null, verdict: string}>} figures
 * @returns {{figure: object, at: number, low: number, high: number, verdict: string}[]} from -1 to 1
 */
export function placesOf(figures) {
  const known = HEADLINE.filter(({ name }) => figures[name]?.interval);
  const ends = known.flatMap(({ name }) => [figures[name].difference, ...figures[name].interval]);
  const farthest = Math.max(...ends.map(Math.abs), Number.EPSILON);
  return known.map((figure) => {
    const { difference, interval, verdict } = figures[figure.name];
    const place = (value) => (figure.better * value) / farthest;
    const [low, high] = interval.map(place).sort((a, b) => a - b);
    return { figure, at: place(difference), low, high, verdict };
  });
}
