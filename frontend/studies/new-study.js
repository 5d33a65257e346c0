// The page that starts a study: what its form is made from.

import { get } from "../lib/api.js";
import { listSets } from "../lib/curve-sets.js";
import { useData } from "../lib/data.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { useTitle } from "../lib/title.js";
import { PAGE } from "../lib/watch.js";
import { Empty, Loaded, PageHead } from "../ui/basics.js";
import { LookingOnly } from "../ui/looking-only.js";
import { studiesHref } from "./studies-state.js";
import { StudyForm } from "./study-form.js";

export function NewStudy({ workspace, query }) {
  useTitle(t("studies.new"));
  return html`
    <${PageHead}
      title=${t("studies.new")}
      back=${{ href: `#${studiesHref(workspace)}`, text: t("nav.studies") }}
      ><p>${t("studies.new.lead")}</p><//
    >
    ${workspace.mayEdit
      ? html`<${Form} workspace=${workspace} query=${query} />`
      : html`<${LookingOnly} workspace=${workspace} />`}
  `;
}

function Form({ workspace, query }) {
  const needed = useData(() => loadAll(workspace.key), [workspace.key]);
  return html`
    <${Loaded} of=${needed}>
      ${(data) =>
        data.datasets.length === 0
          ? html`<${Empty} title=${t("training.noDataset")}>
              <p>${t("training.noDataset.text")}</p>
              <div class="actions">
                <a class="button primary" href=${`#/w/${workspace.id}/datasets`}>${t("training.noDataset.next")}</a>
              </div>
            <//>`
          : html`<${StudyForm} ...${{ workspace, query, onStale: needed.reload, ...data }} />`}
    <//>
  `;
}

async function loadAll(workspace_key) {
  const [datasets, networks, completed, cluster, curveSets] = await Promise.all([
    get("/api/training/datasets", { workspace_key }),
    get("/api/networks"),
    get("/api/training/sessions", { workspace_key, status: "completed", limit: PAGE }),
    get("/api/cluster"),
    listSets(workspace_key),
  ]);
  return {
    datasets: datasets.datasets,
    networks: networks.networks,
    defaultNetwork: networks.default,
    curveSets,
    completed: completed.sessions,
    hasCluster: cluster.runner === "ray",
  };
}
