// A figure's 95% interval in words, and as a whisker beside others on the same scale.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";

const MARGIN = 6; // percent of the width, so that a mark at the end is whole

/** An interval as "0.78 to 0.83"; nothing where it is not known. */
export function IntervalText({ interval, write }) {
  if (!interval) return null;
  const [low, high] = interval.map((each) => write(each));
  return html`<span class="interval">${t("evaluation.interval", { low, high })}</span>`;
}

/** What all of some values and their intervals fit into. */
export function commonScale(intervals) {
  const known = intervals
    .flatMap(({ value, interval }) => [value, ...(interval ?? [])])
    .filter((each) => each !== null);
  return known.length ? [Math.min(...known), Math.max(...known)] : null;
}

/** A mark at the value, a line over its interval; the numbers are beside it, so it is not read out. */
export function Whisker({ value, interval, scale, color }) {
  if (value === null || !scale) return null;
  const width = scale[1] - scale[0] || 1;
  const [low, high] = interval ?? [value, value];
  const place = (at) => `${MARGIN + ((at - scale[0]) / width) * (100 - 2 * MARGIN)}%`;
  return html`
    <svg class="whisker" aria-hidden="true" style=${{ stroke: `var(${color})`, fill: `var(${color})` }}>
      <line class="track" x1="0" x2="100%" y1="7" y2="7" />
      <line x1=${place(low)} x2=${place(high)} y1="7" y2="7" stroke-width="3" />
      <circle cx=${place(value)} cy="7" r="4.5" stroke="none" />
    </svg>
  `;
}
