// Predicts one candidate: its values, the prediction, and what-if.

import { isTooLong, NOTHING_TYPED, readCandidate } from "./candidate.js";
import { useCandidateDraft } from "./candidate-draft.js";
import { COLUMNS } from "../lib/columns.js";
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { useModels } from "../models/models-state.js";
import { usePrediction } from "./prediction-state.js";
import { useTitle } from "../lib/title.js";
import { Loaded, PageHead } from "../ui/basics.js";
import { CandidateForm } from "./candidate-form.js";
import { FormCurve } from "./curve/form-curve.js";
import { curveNote } from "./curve/curve-notes.js";
import { epochError, isOfOther, NO_CURVE, readsCurves, useCurve } from "./curve/curve-state.js";
import { Examples } from "./examples.js";
import { ModelChoice } from "../models/model-choice.js";
import { NoModel } from "../models/no-model.js";
import { PredictTabs } from "./predict-tabs.js";
import { PredictionPane } from "./prediction-pane.js";
import { SourceChoice } from "./source-choice.js";
import { WhatIf } from "./what-if.js";

// A pause this long means that the slider has come to rest.
const PAUSE_MILLISECONDS = 120;

export function Predict({ workspace, query }) {
  useTitle(t("predict.title"));
  const models = useModels(workspace);
  return html`
    <${PageHead} title=${t("predict.title")}><p>${t("predict.lead")}</p><//>
    <${PredictTabs} workspace=${workspace} />
    <${Loaded} of=${models}>
      ${(list) =>
        list.length === 0
          ? html`<${NoModel} workspace=${workspace} />`
          : html`<${One}
              workspace=${workspace}
              query=${query}
              models=${list}
              onModelsChanged=${models.reload}
            />`}
    <//>
  `;
}

function One({ workspace, query, models, onModelsChanged }) {
  const typing = useCandidateDraft(workspace, query);
  const { address, question: columns } = typing;
  const light = useCurve(workspace);
  const lightCurve = light.numberAt(address);
  const question = columns && lightCurve ? { ...columns, lightCurve } : columns;
  const [isWanted, setWhatIf] = useState(false);
  const [values, setValues] = useSliders(question, address);
  const result = usePrediction(question);
  const isWhatIf = isWanted && result.isCurrent;
  // The sliders move too often for files to be sent: scenarios are of the columns alone, and compared with the same.
  const live = usePrediction(useValid(isWhatIf ? { ...columns, candidate: values, base: address } : null), {
    delay: PAUSE_MILLISECONDS,
  });
  const plain = usePrediction(isWhatIf && lightCurve ? columns : null);
  const isLive = isWhatIf && live.answer?.question.base === address;
  const answer = isLive ? live.answer : result.answer;
  const curve = readsCurves(models, typing.draft.model) ? light.curve : NO_CURVE;
  const isTyped = !isWhatIf && question !== null && isTypedSince(typing.draft, question.candidate);
  const note = curveNote({
    sent: answer?.question.lightCurve ?? null,
    curve,
    isTypedSince: isTyped,
    isWhatIf: isLive,
    hasCurve: lightCurve !== null,
  });
  useEffect(() => {
    // A model has been deleted since.
    if ([404, 409].includes(result.error?.status)) onModelsChanged();
  }, [result.error]);
  const isResultFirst = useNarrow() && question !== null;
  const form = html`
      <section key="form" class="card stack predict-left ${isWhatIf ? "what-if" : ""}" aria-labelledby="left-title">
        <h2 id="left-title">${t(isWhatIf ? "predict.whatIf" : "predict.candidate")}</h2>
        ${result.isCurrent && html`<${Mode} isWhatIf=${isWhatIf} onChange=${setWhatIf} />`}
        ${isWhatIf
          ? html`<${WhatIf}
              typed=${question.candidate}
              values=${values}
              prediction=${answer.prediction}
              onChange=${setValues}
            />`
          : html`<${Typing} ...${{ typing, light, result, workspace, models, question }} />`}
      </section>`;
  const pane = html`<${PredictionPane}
        key="pane"
        workspace=${workspace}
        models=${models}
        question=${question}
        state=${isWhatIf ? live : result}
        answer=${answer}
        original=${isLive ? (lightCurve ? plain.answer : result.answer) : null}
        wanted=${result.answer}
        isWhatIf=${isWhatIf}
        isTypedSince=${isTyped}
        curveNote=${note}
      />`;
  return html`<div class="predict">${isResultFirst ? [pane, form] : [form, pane]}</div>`;
}

// As in predict.css: above it the form and the result stand side by side.
const SIDE_BY_SIDE = "(min-width: 62rem)";

/** Whether the form and the result stand one below the other: then the result comes first. */
function useNarrow() {
  const [isNarrow, setNarrow] = useState(() => !matchMedia(SIDE_BY_SIDE).matches);
  useEffect(() => {
    const media = matchMedia(SIDE_BY_SIDE);
    const take = () => setNarrow(!media.matches);
    media.addEventListener("change", take);
    return () => media.removeEventListener("change", take);
  }, []);
  return isNarrow;
}

/** What the sliders show: the values typed, until one of them is moved. */
function useSliders(question, address) {
  const [moved, setMoved] = useState({ address: null, values: null });
  const values = moved.address === address ? moved.values : question?.candidate;
  return [values, (next) => setMoved({ address, values: next })];
}

/** The last question that the server can answer. */
function useValid(question) {
  const valid = useRef(null);
  if (question === null || !isTooLong(question.candidate)) valid.current = question;
  return valid.current;
}

function isTypedSince(draft, candidate) {
  const { candidate: typed } = readCandidate(draft);
  return COLUMNS.some((column) => !Object.is(typed[column], candidate[column]));
}

function Mode({ isWhatIf, onChange }) {
  return html`
    <div class="segmented" role="group" aria-label=${t("predict.mode")}>
      <button type="button" aria-pressed=${!isWhatIf} onClick=${() => onChange(false)}>
        ${t("predict.mode.values")}
      </button>
      <button type="button" aria-pressed=${isWhatIf} data-test="what-if" onClick=${() => onChange(true)}>
        ${t("predict.mode.whatIf")}
      </button>
    </div>
  `;
}

function Typing({ typing, light, result, workspace, models, question }) {
  const { draft, change, ask, choose } = typing;
  const [replaced, setReplaced] = useState(null);
  const [isChecked, setChecked] = useState(false);
  const isRead = readsCurves(models, draft.model);
  const submit = (candidate) => {
    const curve = isRead && light.curve.files.length > 0 ? light.curve : null;
    setChecked(true);
    if (curve !== null && epochError(curve)) return document.getElementById("candidate-epoch").focus();
    const isSame = question && JSON.stringify(question.candidate) === JSON.stringify(candidate);
    light.askAt(ask(candidate), curve);
    if (isSame && curve === null && !question.lightCurve) result.retry();
  };
  const fill = (typed, curve = NO_CURVE) => {
    const before = Object.fromEntries(Object.keys(NOTHING_TYPED).map((name) => [name, draft[name]]));
    const hadCurve = light.curve.files.length > 0;
    setReplaced(Object.values(before).some(Boolean) || hadCurve ? { typed: before, curve: light.curve } : null);
    setChecked(false);
    change(typed);
    light.change(curve);
  };
  const example = (typed) => {
    fill(typed);
    light.askAt(ask(readCandidate(typed).candidate), null);
  };
  const refused =
    result.error?.status === 422
      ? { candidate: question.candidate, errors: result.error.errors.filter((each) => !isOfOther(each)) }
      : null;
  return html`
    <${Examples} onChoose=${example} />
    <${CandidateForm} typed=${draft} onChange=${change} onSubmit=${submit} refused=${refused}>
      <${ModelChoice}
        id="predict-model"
        models=${models}
        value=${draft.model}
        workspaceId=${workspace.id}
        onChange=${(model) => choose({ model })}
      />
      <${FormCurve} ...${{ light, isRead, isChecked, result, question, address: typing.address }} />
      <${SourceChoice} value=${draft.source} onChange=${(source) => choose({ source })} />
      <div class="actions">
        <button class="primary" id="predict-button" data-test="predict">${t("predict.button")}</button>
        <button type="button" class="quiet" onClick=${() => fill(NOTHING_TYPED)}>
          ${t("predict.clear")}
        </button>
        ${replaced &&
        html`<button type="button" class="quiet" onClick=${() => fill(replaced.typed, replaced.curve)}>
          ${t("predict.bringBack")}
        </button>`}
      </div>
    <//>
  `;
}
