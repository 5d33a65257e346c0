// A prediction in full: the verdict, the light curve, the diagnostics, the network's estimate as a check.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Relations } from "../dataset-rows/relations.js";
import { TransitCurve } from "../ui/curve.js";
import { CurveFindings } from "./curve/curve-findings.js";
import { Diagnostics } from "./diagnostics.js";
import { Inferred } from "./inferred.js";
import { Verdict } from "./verdict.js";

/**
 * @param {object} properties
 * @param {object} properties.prediction
 * @param {string | null} properties.trainedOn the address of the model's dataset, if it is still there
 * @param {object} properties.candidate
 * @param {object | null} properties.curve
 * @param {object | null} [properties.lightCurve] what the files say that came with the candidate
 * @param {object} [properties.original] the prediction to compare with
 * @param {object | null} properties.manifest of the model; null until it is known, or if the model is gone
 * @param {boolean} [properties.isTableRow] the candidate is a row of a table
 * @param {any} [properties.children] below the verdict
 */
export function Prediction(properties) {
  const { prediction, trainedOn, candidate, curve, lightCurve, original, manifest, isTableRow } = properties;
  const abstention = manifest?.abstention ?? null;
  return html`
    <section class="card stack tight" aria-labelledby="verdict-title">
      <h2 id="verdict-title">${t("predict.result")}</h2>
      <${Verdict} prediction=${prediction} original=${original} abstention=${abstention}>${properties.children}<//>
    </section>
    ${lightCurve && html`<${CurveFindings} found=${lightCurve} />`}
    ${curve &&
    html`<section class="card" aria-label=${t("curve.title")}>
      ${lightCurve?.is_used && html`<p class="hint">${t("predict.curve.synthetic")}</p>`}
      <${TransitCurve} curve=${curve} name="candidate-curve" />
    </section>`}
    <section class="card stack tight" aria-labelledby="diagnostics-title">
      <h2 id="diagnostics-title">${t("predict.diagnostics")}</h2>
      <${Diagnostics} prediction=${prediction} trainedOn=${trainedOn} />
      <${Relations} relations=${prediction.relations} isTableRow=${isTableRow} trainedOn=${trainedOn} />
    </section>
    <section class="card stack tight" aria-labelledby="inferred-title">
      <h2 id="inferred-title">${t("predict.inferred")}</h2>
      <${Inferred} prediction=${prediction} candidate=${candidate} inputs=${manifest?.inputs} />
    </section>
  `;
}
