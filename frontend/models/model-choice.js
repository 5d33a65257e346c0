// Which model predicts: the current one, or another of the workspace, with its figures.

import { get } from "../lib/api.js";
import { useData } from "../lib/data.js";
import { html } from "../lib/html.js";
import { dateTime, fixed, percent, t } from "../lib/i18n.js";
import { Field } from "../ui/basics.js";
import { isNoBetter } from "../ui/verdict-notes.js";

/** The manifest of a model, as `useData` returns it; null data without a model. */
export function useManifest(modelId) {
  const load = async () => (modelId === null ? null : (await get(`/api/models/${modelId}`)).model.manifest);
  return useData(load, [modelId]);
}

/** The address of the dataset that a model was trained on; null if it is gone, or not known yet. */
export function useTrainedOn(workspace, modelId) {
  const load = async () => (modelId === null ? null : (await get(`/api/models/${modelId}`)).model.dataset_id);
  const { data: dataset } = useData(load, [modelId]);
  return dataset ? `/w/${workspace.id}/datasets/${dataset}` : null;
}

/**
 * @param {object} properties
 * @param {string} properties.id of the field
 * @param {object[]} properties.models
 * @param {string} properties.value the id of a model; empty: the current one
 * @param {(value: string) => void} properties.onChange
 * @param {number} properties.workspaceId
 */
export function ModelChoice({ id, models, value, onChange, workspaceId }) {
  const current = models.find((each) => each.is_current);
  const chosen = value === "" ? current : models.find((each) => String(each.id) === value);
  const absent = value === "" ? t("predict.model.noCurrent") : t("predict.model.gone", { id: value });
  return html`
    <div>
      <${Field}
        id=${id}
        label=${t("predict.model")}
        error=${chosen ? null : absent}
      >
        ${(common) => html`
          <select ...${common} value=${value} onChange=${(event) => onChange(event.target.value)}>
            ${current &&
            html`<option value="">${t("predict.model.current", { name: choiceOf(current) })}</option>`}
            ${!chosen &&
            html`<option value=${value}>
              ${value === "" ? t("predict.model.choose") : t("predict.model.goneOption", { id: value })}
            </option>`}
            ${models.map(
              (each) => html`<option key=${each.id} value=${String(each.id)}>${choiceOf(each)}</option>`,
            )}
          </select>
        `}
      <//>
      ${chosen && html`<${Figures} model=${chosen} workspaceId=${workspaceId} />`}
    </div>
  `;
}

/** What a model is called, with its id, since names repeat. */
export function titleOf({ id, name, title }) {
  return `${title ?? name} (#${id})`;
}

/** A model among others: with its dataset, and what speaks against it. */
function choiceOf(model) {
  const notes = [
    model.dataset_name,
    isNoBetter(model) && t("verdict.short"),
    model.simulated && t("verdict.simulatedBadge"),
  ];
  return [titleOf(model), ...notes.filter(Boolean)].join(" · ");
}

function Figures({ model, workspaceId }) {
  const { evaluation } = model;
  const figures = evaluation
    ? t("predict.model.figures", {
        accuracy: percent(evaluation.accuracy),
        f1: fixed(evaluation.macro_f1, 3),
        count: evaluation.n_test,
      })
    : t("predict.model.unknownFigures");
  return html`<p class="hint">
    ${figures} ${t("predict.model.since", { when: dateTime(model.created_at) })}${" "}
    <a href=${`#/w/${workspaceId}/models/${model.id}`}>${t("predict.model.open")}</a>
  </p>`;
}
