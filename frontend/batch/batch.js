// Predicts catalogues: choose a file, and see the earlier ones.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { get } from "../lib/api.js";
import { listSets } from "../lib/curve-sets.js";
import { useData } from "../lib/data.js";
import { useModels } from "../models/models-state.js";
import { useStore } from "../lib/store.js";
import { useTitle } from "../lib/title.js";
import { Loaded, PageHead } from "../ui/basics.js";
import { BatchList } from "./batch-list.js";
import { BatchSending } from "./batch-progress.js";
import { BatchStart } from "./batch-start.js";
import { isSending, sent } from "./batch-upload.js";
import { NoModel } from "../models/no-model.js";
import { PredictTabs } from "../predict/predict-tabs.js";

export function Batch({ workspace, query }) {
  useTitle(t("predict.batch.title"));
  const models = useModels(workspace);
  return html`
    <${PageHead} title=${t("predict.batch.title")}><p>${t("predict.batch.lead")}</p><//>
    <${PredictTabs} workspace=${workspace} isBatch />
    <div class="stack">
      <${Loaded} of=${models}>
        ${(list) =>
          list.length === 0
            ? html`<${NoModel} workspace=${workspace} />`
            : html`<${Start} workspace=${workspace} models=${list} query=${query} />`}
      <//>
      <${BatchList} workspace=${workspace} />
    </div>
  `;
}

function Start({ workspace, models, query }) {
  const state = useStore(sent);
  const own = state.workspaceId === workspace.id ? state : null;
  const curves = useData(() => curvesOf(workspace), [workspace.key]).data ?? NO_CURVES;
  if (own && isSending(own)) return html`<${BatchSending} state=${own} />`;
  return html`<${BatchStart} ...${{ workspace, models, query, curves }} state=${own} />`;
}

const NO_CURVES = { sets: [], networks: [] };

async function curvesOf(workspace) {
  const [sets, { networks }] = await Promise.all([listSets(workspace.key), get("/api/networks")]);
  return { sets, networks };
}
