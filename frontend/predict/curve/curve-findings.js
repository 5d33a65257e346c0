// What the light curve of a candidate says: how much of it there is, flags, and the numbers.

import { MeasuredNumbers } from "../../dataset-rows/measured-numbers.js";
import { html } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";

/** @param {{found: object}} properties found: `light_curve` of the answer of `POST /api/predict` */
export function CurveFindings({ found }) {
  const { points, points_in_transit: inside, segments, flags, notes, numbers, usual, star } = found;
  const isUsed = found.is_used;
  return html`
    <section class="card stack tight" aria-labelledby="findings-title" data-test="curve-findings">
      <h2 id="findings-title">${t("curves.row.title")}</h2>
      <p class=${isUsed ? "" : "message warning"}>
        ${t(isUsed ? "predict.curve.used" : "predict.curve.notUsed")}
      </p>
      <p class="dotted">
        ${points > 0 &&
        html`<span>${t("curves.points", { count: points })}</span>
          <span>${t("predict.curve.inTransit", { count: inside })}</span>
          <span>${t("curves.segments", { count: segments })}</span>`}
        ${star && html`<span>${t("predict.curve.star", { star })}</span>`}
      </p>
      ${flags.length > 0 &&
      html`<ul class="flags">
        ${flags.map((flag) => html`<li key=${flag}>${t(`curves.flag.${flag}`)}</li>`)}
      </ul>`}
      ${notes.length > 0 &&
      html`<ul class="flags" lang="en">
        ${notes.map(({ file, message }, n) => html`<li key=${n}>${file}: ${message}</li>`)}
      </ul>`}
      ${isUsed && html`<${MeasuredNumbers} ...${{ numbers, usual }} whose="model" isOpen />`}
    </section>
  `;
}
