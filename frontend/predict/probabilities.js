// The probabilities of a prediction as bars, with the change against another prediction.

import { CLASSES } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { fixed, percent, t } from "../lib/i18n.js";
import { className } from "../ui/basics.js";

/**
 * @param {object} properties
 * @param {object} properties.prediction
 * @param {object} [properties.original] the prediction before something was changed
 * @param {number | null} [properties.threshold] below it the model is uncertain
 */
export function Probabilities({ prediction, original, threshold }) {
  return html`
    <ul class="probabilities plain">
      ${CLASSES.map((name, n) => {
        const share = prediction.probabilities[name];
        const before = original?.probabilities[name];
        return html`<li key=${name} class=${name === prediction.label_name ? "predicted" : ""}>
          <span class="name">${className(name)}</span>
          <span class="value">
            ${original && html`<span class="change">${changeText(share, before)}</span>`} ${percent(share)}
          </span>
          <span class="bar" aria-hidden="true">
            <span class="share class-${n}" style=${{ width: `${(share ?? 0) * 100}%` }}></span>
            ${original && html`<span class="before" style=${{ left: `${(before ?? 0) * 100}%` }}></span>`}
            ${threshold && html`<span class="threshold" style=${{ left: `${threshold * 100}%` }}></span>`}
          </span>
        </li>`;
      })}
    </ul>
    <p class="hint keys">
      ${threshold &&
      html`<span><i class="key threshold" aria-hidden="true"></i> ${t("predict.key.threshold")}</span>`}
      ${original &&
      html`<span><i class="key before" aria-hidden="true"></i> ${t("predict.key.before")}</span>`}
    </p>
  `;
}

function changeText(share, before) {
  const points = Math.round((share - before) * 1000) / 10;
  const sign = points === 0 ? "" : points < 0 ? "−" : "+";
  return t("predict.change", { points: `${sign}${fixed(Math.abs(points), 1)}`, count: Math.abs(points) });
}
