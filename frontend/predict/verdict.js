// The prediction in words: the class, the confidence, and what they mean.

import { CLASSES } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { percent, t } from "../lib/i18n.js";
import { className } from "../ui/basics.js";
import { measuredAboveThreshold, UnlikeTrainingNote } from "../ui/verdict-notes.js";
import { Probabilities } from "./probabilities.js";

/**
 * @param {object} properties
 * @param {object} properties.prediction
 * @param {object} [properties.original] to compare with
 * @param {{threshold: number, precision: number} | null} properties.abstention of the model's manifest
 * @param {any} [properties.children] which model it was
 */
export function Verdict({ prediction, original, abstention, children }) {
  if (!prediction.probabilities) return html`<p class="hint">${t("predict.noProbabilities")}</p>`;
  const highest = percent(Math.max(...Object.values(prediction.probabilities)));
  const label = className(prediction.label_name);
  const unlike = prediction.unlike_training ?? [];
  // What the threshold promises was measured on rows that this one is unlike: of its worth for such rows nothing
  // is known, unless it was measured without relations too.
  const isThresholdKnown = unlike.length === 0 || measuredAboveThreshold(unlike) !== null;
  const threshold = isThresholdKnown ? abstention?.threshold : null;
  return html`
    <p class="verdict" data-test="verdict">
      <strong>${label}</strong>
      <span class="unit">${highest}</span>
      ${prediction.uncertain &&
      html`<span class="badge warning"><span aria-hidden="true">?</span> ${t("predict.uncertain")}</span>`}
    </p>
    <p class="visually-hidden" role="status">
      ${t(prediction.uncertain ? "predict.spoken.uncertain" : "predict.spoken", { label, share: highest })}
    </p>
    <${Probabilities} prediction=${prediction} original=${original} threshold=${threshold} />
    ${unlike.length > 0
      ? html`<${UnlikeTrainingNote} found=${unlike} />`
      : html`<p class="message ${prediction.uncertain ? "warning" : ""}">
          ${certainty(prediction, highest, abstention)}
        </p>`}
    ${CLASSES.includes(prediction.label_name) &&
    html`<p class="hint">${t(`predict.meaning.${prediction.label_name}`)}</p>`}
    ${children}
  `;
}

function certainty({ uncertain }, highest, abstention) {
  if (uncertain === null) return t("predict.certainty.none");
  if (!abstention) return t(uncertain ? "predict.certainty.low" : "predict.certainty.high");
  const precision = percent(abstention.precision, 0);
  if (abstention.threshold === null) return t("predict.certainty.never", { precision });
  const values = { highest, threshold: percent(abstention.threshold), precision };
  return t(uncertain ? "predict.certainty.below" : "predict.certainty.above", values);
}
