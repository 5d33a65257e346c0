// Starts a session: the settings, each explained, the estimated time, and what the server lacks at the moment.

import { get } from "../../lib/api.js";
import { listSets } from "../../lib/curve-sets.js";
import { useData } from "../../lib/data.js";
import { html } from "../../lib/html.js";
import { dateTime, has, t } from "../../lib/i18n.js";
import { useTitle } from "../../lib/title.js";
import { PAGE } from "../../lib/watch.js";
import { Empty, Loaded, PageHead } from "../../ui/basics.js";
import { LookingOnly } from "../../ui/looking-only.js";
import { TrainingForm } from "./training-form.js";

export function Train({ workspace, query }) {
  useTitle(t("training.new"));
  return html`
    <${PageHead}
      title=${t("training.new")}
      back=${{ href: `#/w/${workspace.id}/sessions`, text: t("training.sessions") }}
      ><p>${t("training.new.lead")}</p><//
    >
    ${workspace.mayEdit
      ? html`<${NewSession} workspace=${workspace} query=${query} />`
      : html`<${LookingOnly} workspace=${workspace} />`}
  `;
}

function NewSession({ workspace, query }) {
  const needed = useData(() => loadAll(workspace.key), [workspace.key]);
  return html`
    <${Loaded} of=${needed}>
      ${(data) =>
        data.datasets.length === 0
          ? html`<${NoDataset} workspace=${workspace} />`
          : html`<${Degraded} reasons=${data.reasons} />
              <${TrainingForm} ...${{ workspace, query, onStale: needed.reload, ...data }} />`}
    <//>
  `;
}

async function loadAll(workspace_key) {
  const [datasets, networks, completed, health, cluster, curveSets] = await Promise.all([
    get("/api/training/datasets", { workspace_key }),
    get("/api/networks"),
    get("/api/training/sessions", { workspace_key, status: "completed", limit: PAGE }),
    get("/api/health"),
    get("/api/cluster"),
    listSets(workspace_key),
  ]);
  return {
    datasets: datasets.datasets,
    networks: networks.networks,
    defaultNetwork: networks.default,
    curveSets,
    completed: completed.sessions,
    ahead: health.queue.pending + health.queue.training,
    reasons: health.reasons,
    hasCluster: cluster.runner === "ray",
  };
}

/** Why a session may not start at once; the server's own words where the page has none. */
function Degraded({ reasons }) {
  if (reasons.length === 0) return null;
  const said = ({ code, message }) => (has(`training.degraded.${code}`) ? t(`training.degraded.${code}`) : message);
  const since = (reason) => t("training.degradedSince", { since: dateTime(reason.since) });
  return html`
    <div class="message warning" role="status">
      <p>${t("training.degraded")}</p>
      <ul>
        ${reasons.map((reason) => html`<li key=${reason.code}>${said(reason)} ${since(reason)}</li>`)}
      </ul>
    </div>
  `;
}

function NoDataset({ workspace }) {
  return html`
    <${Empty} title=${t("training.noDataset")}>
      <p>${t("training.noDataset.text")}</p>
      <div class="actions">
        <a class="button primary" href=${`#/w/${workspace.id}/datasets`}>${t("training.noDataset.next")}</a>
      </div>
    <//>
  `;
}
