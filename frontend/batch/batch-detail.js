// One row of a predicted catalogue in full: predicted again, since the result has neither curve nor ranges.

import { toQuery } from "../predict/candidate.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { usePrediction } from "../predict/prediction-state.js";
import { asInTable, candidateOf } from "../results/results.js";
import { Failure } from "../ui/basics.js";
import { useManifest, useTrainedOn } from "../models/model-choice.js";
import { NoPrediction } from "../predict/no-prediction.js";
import { Prediction } from "../predict/prediction.js";
import { Waiting } from "../ui/waiting.js";

/** @param {{workspace: object, batch: object, result: object}} properties */
export function BatchDetail({ workspace, batch, result }) {
  const { model, table } = batch;
  const candidate = candidateOf(result);
  const asked = { workspaceKey: workspace.key, modelId: model.id, source: table.source, candidate, result };
  const found = usePrediction(result.error === null ? asked : null);
  const manifest = useManifest(model.id).data;
  const trainedOn = useTrainedOn(workspace, model.id);
  if (result.error !== null) return html`<${NoPrediction} error=${result.error} candidate=${candidate} />`;
  if (found.wait) return html`<${Waiting} wait=${found.wait} />`;
  if (found.error && !found.isBusy) return html`<${Failure} error=${found.error} onRetry=${found.retry} />`;
  if (found.answer === null) return html`<p class="loading" role="status">${t("loading")}</p>`;
  const query = toQuery(candidate, { model: model.id, source: table.source });
  return html`
    <div class="stack" aria-busy=${found.isBusy}>
      <${Prediction}
        trainedOn=${trainedOn}
        prediction=${asInTable(found.answer.prediction, found.answer.question.result)}
        isTableRow
        candidate=${found.answer.question.candidate}
        curve=${found.answer.curve}
        manifest=${manifest}
      >
        <div class="actions">
          <a class="button" href=${`#/w/${workspace.id}/predict?${query}`}>${t("predict.openInForm")}</a>
        </div>
      <//>
    </div>
  `;
}
