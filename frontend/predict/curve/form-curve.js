// The light curve in the form of a candidate: shown for a model that reads it, with the server's word on it.

import { html } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { CurveField } from "./curve-field.js";
import { curveErrors, epochError, isSent, NO_CURVE } from "./curve-state.js";

/**
 * @param {object} properties
 * @param {object} properties.light as `useCurve` gives it
 * @param {boolean} properties.isRead the chosen model reads light curves
 * @param {boolean} properties.isChecked Predict was pressed: what is missing is said
 * @param {object} properties.result as `usePrediction` gives it
 * @param {object | null} properties.question what was asked for last
 * @param {string} properties.address of that
 */
export function FormCurve({ light, isRead, isChecked, result, question, address }) {
  const { curve } = light;
  const hasFiles = curve.files.length > 0;
  if (!isRead) return hasFiles ? html`<p class="message">${t("predict.curve.notRead")}</p>` : null;
  const sent = question?.lightCurve ?? null;
  const isAsked = sent !== null && isSent(curve, sent);
  const refused = isAsked && !result.isBusy && !result.isCurrent ? curveErrors(result.error) : {};
  const epoch = (isChecked && epochError(curve)) || refused.epoch;
  const takeOut = (files) => {
    light.change(files.length > 0 ? { files } : NO_CURVE);
    // What cannot be predicted with it, or is being sent, is predicted without it.
    if (files.length === 0 && sent !== null && !result.isCurrent) light.askAt(address, null);
  };
  return html`<${CurveField}
    curve=${curve}
    onChange=${light.change}
    onTakeOut=${takeOut}
    errors=${{ ...refused, epoch }}
    wait=${isAsked ? result.wait : null}
    isBusy=${sent !== null && result.isBusy}
    isStopped=${sent !== null && result.isStopped}
    onStop=${result.stop}
  />`;
}
