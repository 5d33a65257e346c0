// Predicts a catalogue: upload a CSV, explore and save the predictions.

import { batch, isUnderWay } from "./batch-job.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { useModels } from "../models/models-state.js";
import { useStore } from "../lib/store.js";
import { useTitle } from "../lib/title.js";
import { Loaded, PageHead } from "../ui/basics.js";
import { BatchProgress } from "./batch-progress.js";
import { BatchResult } from "./batch-result.js";
import { BatchStart } from "./batch-start.js";
import { NoModel } from "../models/no-model.js";
import { PredictTabs } from "../predict/predict-tabs.js";

export function Batch({ workspace, query }) {
  useTitle(t("predict.batch.title"));
  const models = useModels(workspace);
  return html`
    <${PageHead} title=${t("predict.batch.title")}><p>${t("predict.batch.lead")}</p><//>
    <${PredictTabs} workspace=${workspace} isBatch />
    <${Loaded} of=${models}>
      ${(list) =>
        list.length === 0
          ? html`<${NoModel} workspace=${workspace} />`
          : html`<${Many} workspace=${workspace} models=${list} query=${query} />`}
    <//>
  `;
}

function Many({ workspace, models, query }) {
  const job = useStore(batch);
  const isOurs = job.workspaceId === workspace.id;
  return html`
    <div class="stack">
      ${isOurs && job.stage === "done"
        ? html`<${BatchResult} workspace=${workspace} job=${job} />`
        : isOurs && isUnderWay(job)
          ? html`<${BatchProgress} job=${job} />`
          : html`<${BatchStart}
              workspace=${workspace}
              models=${models}
              query=${query}
              job=${isOurs ? job : null}
            />`}
    </div>
  `;
}
