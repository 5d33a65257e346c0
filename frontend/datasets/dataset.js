// One dataset: its profile, its report, and its rows with their curves.

import { get } from "../lib/api.js";
import { useData } from "../lib/data.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { goTo } from "../lib/router.js";
import { useTitle } from "../lib/title.js";
import { Loaded, PageHead } from "../ui/basics.js";
import { DatasetFacts } from "./dataset-list.js";
import { DatasetProfile } from "./dataset-profile.js";
import { DatasetReport } from "./dataset-report.js";
import { DeleteDataset } from "./delete-dataset.js";
import { LabelLayer } from "../labels/label-layer.js";
import { RowBrowser } from "../dataset-rows/row-browser.js";

const TABS = { profile: DatasetProfile, report: DatasetReport, rows: RowBrowser, labels: LabelLayer };

export function Dataset({ workspace, id, query }) {
  const dataset = useData(() => find(workspace, id), [workspace.key, id]);
  const list = `/w/${workspace.id}/datasets`;
  const train = `#/w/${workspace.id}/train?dataset=${id}`;
  useTitle(dataset.data?.name ?? t("nav.datasets"));
  if (dataset.error?.status === 404) return html`<${NoSuchDataset} id=${id} list=${`#${list}`} />`;
  return html`
    <${Loaded} of=${dataset}>
      ${(data) => html`
        <${PageHead}
          title=${data.name}
          back=${{ href: `#${list}`, text: t("nav.datasets") }}
          actions=${workspace.mayEdit &&
          html`
            <a class="button primary" href=${train}>${t("datasets.train")}</a>
            <a class="button" href=${`#/w/${workspace.id}/studies/new?kind=folds&dataset=${id}`}
              >${t("studies.test")}</a
            >
            <${DeleteDataset}
              dataset=${data}
              workspace=${workspace}
              onDeleted=${() => goTo(list, { replace: true })}
            />
          `}
        >
          <p><${DatasetFacts} dataset=${data} /></p>
        <//>
        <${Tabs} dataset=${data} workspace=${workspace} page=${`${list}/${id}`} query=${query} />
      `}
    <//>
  `;
}

function Tabs({ dataset, workspace, page, query }) {
  const tab = Object.hasOwn(TABS, query.tab ?? "") ? query.tab : "profile";
  const warnings = dataset.profile.report?.warnings.length;
  return html`
    <nav class="tabs" aria-label=${t("datasets.tabs")}>
      ${Object.keys(TABS).map(
        (name) => html`<a
          key=${name}
          href=${`#${page}?tab=${name}`}
          aria-current=${name === tab ? "page" : undefined}
          >${t(`datasets.tab.${name}`)} ${name === "report" && html`<${WarningCount} count=${warnings} />`}</a
        >`,
      )}
    </nav>
    <${TABS[tab]} key=${tab} dataset=${dataset} workspace=${workspace} page=${page} query=${query} />
  `;
}

function WarningCount({ count }) {
  if (!count) return null;
  return html`<span class="badge warning">
    <span aria-hidden="true">${count}</span>
    <span class="visually-hidden">${t("datasets.report.warnings", { count })}</span>
  </span>`;
}

function NoSuchDataset({ id, list }) {
  useTitle(t("datasets.missing.title"));
  return html`
    <${PageHead} title=${t("datasets.missing.title")}>
      <p>${t("datasets.missing.text", { id: String(id) })}</p>
    <//>
    <a class="button" href=${list}>${t("datasets.missing.back")}</a>
  `;
}

/** The dataset with its profile; one of another workspace counts as none. */
async function find(workspace, id) {
  const [{ dataset }, { datasets }] = await Promise.all([
    get(`/api/training/dataset/${id}`),
    get("/api/training/datasets", { workspace_key: workspace.key }),
  ]);
  if (datasets.some((each) => each.id === id)) return dataset;
  throw Object.assign(new Error(t("datasets.missing.title")), { status: 404 });
}
