// The difference between two models on the same stars, in words and with its interval.

import { signed } from "../lib/figures.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";

const SIGNS = { better: "▲", worse: "▼", cannot_tell: "≈", not_measured: "?" };

/**
 * @param {object} properties
 * @param {object} properties.figure of `lib/figures.js`
 * @param {"better" | "worse" | "cannot_tell" | "not_measured"} properties.verdict
 * @param {number | null} properties.difference
 * @param {number[] | null} properties.interval
 * @param {string} properties.baseline the trees that the network is compared with
 */
export function DifferenceText({ figure, verdict, difference, interval, baseline }) {
  return html`<li class=${verdict}>
    <span aria-hidden="true">${SIGNS[verdict]}</span>${" "}
    ${t(`evaluation.verdict.${verdict}`, { baseline: t(`evaluation.baseline.${baseline}.long`) })}${" "}
    <${Difference} ...${{ figure, difference, interval }} />
  </li>`;
}

/** "+0.012 (+0.003 to +0.021)". */
export function Difference({ figure, difference, interval }) {
  if (difference === null) return null;
  const [low, high] = (interval ?? []).map((each) => signed(figure, each));
  return html`<span class="difference">
    ${signed(figure, difference)}
    ${interval && html`${" "}<span class="interval">(${t("evaluation.interval", { low, high })})</span>`}
  </span>`;
}

/** The sign and the word of a verdict, for a table. */
export function Verdict({ verdict }) {
  return html`<span class=${`verdict-${verdict}`}>
    <span aria-hidden="true">${SIGNS[verdict]}</span> ${t(`evaluation.verdictShort.${verdict}`)}
  </span>`;
}
