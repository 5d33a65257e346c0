// One saved candidate in full: its prediction as it was saved, its curve as it is drawn now.

import { post } from "../lib/api.js";
import { toQuery } from "../predict/candidate.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { useLatest } from "../lib/latest.js";
import { withPatience } from "../lib/patience.js";
import { Failure } from "../ui/basics.js";
import { useManifest, useTrainedOn } from "../models/model-choice.js";
import { NoPrediction } from "../predict/no-prediction.js";
import { Prediction } from "../predict/prediction.js";
import { Waiting } from "../ui/waiting.js";

/** @param {{workspace: object, analysis: object, models: object[] | null, result: object}} properties */
export function AnalysisDetail({ workspace, analysis, models, result }) {
  const { candidate, prediction, error } = result;
  const manifest = useManifest(analysis.model_id);
  const trainedOn = useTrainedOn(workspace, analysis.model_id);
  // An analysis does not record the survey; that of the model's training data is the likely one.
  const source = manifest.data?.spec?.source ?? "exotrain";
  const isReady = error === null && !(manifest.isLoading && manifest.data === null);
  const [wait, setWait] = useState(null);
  const load = (asked) => withPatience(() => post("/api/curve", JSON.parse(asked)), { onWait: setWait });
  const curve = useLatest(load, isReady ? JSON.stringify({ ...candidate, source }) : null);
  if (error !== null) return html`<${NoPrediction} error=${error} candidate=${candidate} />`;
  // Nor does it record whether the candidate was a row of a table, which may have neighbours.
  const saved = { ...prediction, relations: prediction.relations ?? undefined };
  const isThere = models?.some((each) => each.id === analysis.model_id);
  const query = toQuery(candidate, { model: isThere ? analysis.model_id : null });
  return html`
    ${wait && html`<${Waiting} wait=${wait} />`}
    ${curve.error && html`<${Failure} error=${curve.error} onRetry=${curve.reload} />`}
    <${Prediction}
      trainedOn=${trainedOn}
      prediction=${saved}
      candidate=${candidate}
      curve=${curve.data}
      manifest=${manifest.data}
    >
      <div class="actions">
        <a class="button" href=${`#/w/${workspace.id}/predict?${query}`}>${t("predict.openInForm")}</a>
      </div>
    <//>
  `;
}
