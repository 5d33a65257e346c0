// Who saved an analysis, when, of how many candidates, and with which model.

import { html } from "../lib/html.js";
import { dateTime, t } from "../lib/i18n.js";
import { titleOf } from "../models/model-choice.js";

/** @param {{analysis: object, models: object[] | null, workspace: object}} properties */
export function AnalysisFacts({ analysis, models, workspace }) {
  const { user, count, created_at, updated_at } = analysis;
  return html`
    <p class="hint dotted">
      <span>${t("predict.analyses.candidates", { count })}</span>
      <span>${t("predict.analyses.by", { user: user ?? t("unknown") })}</span>
      <span>${dateTime(created_at)}</span>
      <span><${ModelOf} id=${analysis.model_id} models=${models} workspace=${workspace} /></span>
      ${updated_at !== created_at &&
      html`<span>${t("predict.analyses.changed", { when: dateTime(updated_at) })}</span>`}
    </p>
  `;
}

function ModelOf({ id, models, workspace }) {
  const model = models?.find((each) => each.id === id);
  if (model) return html`<a href=${`#/w/${workspace.id}/models/${id}`}>${titleOf(model)}</a>`;
  return models === null && id !== null ? `#${id}` : t("predict.analyses.noModel");
}
