// The prediction beside the form: its states, and saving it.

import { nameOf } from "./candidate.js";
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Failure } from "../ui/basics.js";
import { titleOf, useManifest, useTrainedOn } from "../models/model-choice.js";
import { Prediction } from "./prediction.js";
import { SaveAnalysis } from "./save-analysis.js";
import { SimulatedNote, VerdictNote } from "../ui/verdict-notes.js";
import { Waiting } from "../ui/waiting.js";

/**
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {object[]} properties.models
 * @param {object | null} properties.question null: nothing was asked yet
 * @param {object} properties.state from `usePrediction`: of the values typed, or of the sliders'
 * @param {object | null} properties.answer to show
 * @param {object | null} properties.original the answer to compare it with
 * @param {object | null} properties.wanted the answer to what Predict was pressed for
 * @param {boolean} properties.isWhatIf the sliders are shown
 * @param {boolean} properties.isTypedSince the form holds something else by now
 * @param {string | null} properties.curveNote whether a light curve was used, as `curveNote` says it
 */
export function PredictionPane({
  workspace,
  models,
  question,
  state,
  answer,
  original,
  wanted,
  isWhatIf,
  isTypedSince,
  curveNote,
}) {
  const manifest = useManifest(answer?.modelId ?? null).data;
  const trainedOn = useTrainedOn(workspace, answer?.modelId ?? null);
  // What was answered before stays for the moment that the next answer takes, not beside its failure; nor while a
  // light curve is read, which takes longer.
  const isReading = Boolean(question?.lightCurve) && !isWhatIf && !state.isCurrent;
  const isShown =
    answer !== null && (isWhatIf || state.isCurrent || (state.isBusy && !state.wait && !isReading));
  const pane = useShownWhenNew(wanted, question !== null);
  return html`
    <div class="stack predict-right" ref=${pane} aria-busy=${state.isBusy} data-test="prediction">
      <${State} state=${state} question=${question} hasAnswer=${answer !== null && !isReading} />
      ${isTypedSince && isShown && html`<p class="message" role="status">${t("predict.typedSince")}</p>`}
      ${curveNote && isShown && html`<p class="message" role="status" data-test="curve-note">${t(curveNote)}</p>`}
      ${isShown && html`<${ModelNotes} answer=${answer} models=${models} />`}
      ${isShown &&
      html`<${Prediction}
        trainedOn=${trainedOn}
        prediction=${answer.prediction}
        candidate=${answer.question.candidate}
        curve=${answer.curve}
        lightCurve=${answer.lightCurve}
        original=${original?.prediction}
        manifest=${manifest}
      >
        <${UsedModel} answer=${answer} models=${models} workspace=${workspace} />
        ${workspace.mayEdit &&
        html`<${Save} answer=${answer} workspace=${workspace} isWhatIf=${original !== null} />`}
      <//>`}
    </div>
  `;
}

/** Where the answer is out of sight, it is scrolled to when one has come that was just asked for. */
function useShownWhenNew(answer, isAsked) {
  const pane = useRef(null);
  const isFirst = useRef(isAsked); // by the address that the page was opened with
  useEffect(() => {
    if (answer === null) return;
    const { top } = pane.current.getBoundingClientRect();
    const isOutOfSight = top < 0 || top > innerHeight / 2;
    if (isOutOfSight && !isFirst.current) pane.current.scrollIntoView({ behavior: "smooth", block: "start" });
    isFirst.current = false;
  }, [answer]);
  return pane;
}

function State({ state, question, hasAnswer }) {
  if (question === null || state.isStopped) {
    return html`<div class="card stack tight">
      <h2>${t("predict.result")}</h2>
      <p class="hint">${t("predict.nothingYet")}</p>
    </div>`;
  }
  if (state.wait) return html`<${Waiting} wait=${state.wait} />`;
  if (state.error && !state.isBusy) return html`<${Failure} error=${state.error} onRetry=${state.retry} />`;
  if (!hasAnswer)
    return html`<p class="loading card" role="status">
      ${t(question.lightCurve ? "predict.curve.predicting" : "predict.predicting")}
    </p>`;
  return null;
}

/** What is to be known of the model that answered, above its answer. */
function ModelNotes({ answer, models }) {
  const model = models.find((each) => each.id === answer.modelId);
  return html`
    ${model && html`<${VerdictNote} of=${model} />`}
    <${SimulatedNote} simulated=${answer.prediction.simulated} name=${model?.dataset_name} />
  `;
}

function UsedModel({ answer, models, workspace }) {
  const model = models.find((each) => each.id === answer.modelId);
  const name = model ? titleOf(model) : `#${answer.modelId}`;
  return html`<p class="hint dotted">
    <span>${t("predict.by")} <a href=${`#/w/${workspace.id}/models/${answer.modelId}`}>${name}</a></span>
    <span>${t(`predict.source.${answer.source}`)}</span>
  </p>`;
}

function Save({ answer, workspace, isWhatIf }) {
  const [kept, setKept] = useState(null);
  const prepare = async () => ({
    modelId: kept.modelId,
    candidates: [kept.question.candidate],
    predictions: [kept.prediction],
  });
  const name = nameOf(answer.question.candidate);
  return html`
    <div class="actions">
      <button type="button" data-test="save-analysis" onClick=${() => setKept(answer)}>
        ${t(isWhatIf ? "predict.save.whatIf" : "predict.save")}
      </button>
    </div>
    ${kept &&
    html`<${SaveAnalysis}
      workspace=${workspace}
      count=${1}
      title=${isWhatIf ? t("predict.save.whatIfTitle", { name }) : name}
      prepare=${prepare}
      onClose=${() => setKept(null)}
    />`}
  `;
}
