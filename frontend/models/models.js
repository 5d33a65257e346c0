// The models of a workspace as a table or as cards: the current one, promote, roll back, download.

import { download, get } from "../lib/api.js";
import { useData } from "../lib/data.js";
import { html, useMemo } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { goTo } from "../lib/router.js";
import { useStore } from "../lib/store.js";
import { useTitle } from "../lib/title.js";
import { watched } from "../lib/watch.js";
import { useMark } from "../listing/cells.js";
import { Found } from "../listing/found.js";
import { isNothingYet, useListed } from "../listing/listed.js";
import { useNarrow } from "../listing/narrow.js";
import { useSelection } from "../listing/selection.js";
import { ListTable } from "../listing/table.js";
import { Toolbar } from "../listing/toolbar.js";
import { addressOf, choiceOf, nextSort, pageOf, viewOf } from "../listing/view.js";
import { Empty, PageHead } from "../ui/basics.js";
import { isNoBetter, ModelBadges } from "../ui/verdict-notes.js";
import { ModelBulk } from "./model-bulk.js";
import { ModelCard } from "./model-card.js";
import { groupOf, INITIAL, modelColumns, modelFields, modelGroups } from "./model-columns.js";
import { titleOf } from "./models-state.js";

const PATH = "/api/models";

export function Models({ workspace, workspaces, query }) {
  useTitle(t("nav.models"));
  const view = viewOf(query, INITIAL);
  const left = useStore(watched, ({ sessions }) => (sessions ?? []).map((each) => each.model_id).join());
  const list = useListed(pageOf(PATH, workspace, view), () => false, left);
  const current = useCurrent(workspace, left);
  const change = (patched, { replace = false, staysOnPage = false } = {}) => {
    const first = staysOnPage ? {} : { cursor: "", from: 1 };
    const address = addressOf({ ...view, ...first, ...patched }, INITIAL);
    goTo(`/w/${workspace.id}/models${address && `?${address}`}`, { replace });
  };
  const isEmpty = isNothingYet(list, view);
  return html`
    <div class="list-page">
      <${PageHead} title=${t("nav.models")}>
        ${(isEmpty || view.isCards) && html`<p>${t("models.lead")}</p>`}
      <//>
      ${isEmpty
        ? html`<${NoModels} workspace=${workspace} />`
        : html`<${List} ...${{ workspace, workspaces, view, list, current, change }} />`}
    </div>
  `;
}

/** The current model, as `useData`: it may be far down the list. */
function useCurrent(workspace, occasion) {
  const asked = { workspace_key: workspace.key, filter: "current:yes", limit: 1 };
  const load = async () => ({ model: (await get(PATH, asked)).models[0] ?? null });
  return useData(load, [workspace.key, occasion]);
}

function List({ workspace, workspaces, view, list, current, change }) {
  const isNarrow = useNarrow();
  const fields = modelFields();
  const onMark = useMark(list, PATH, "model", "models");
  const all = useMemo(() => modelColumns(workspace, onMark), [workspace]);
  const rows = list.data?.models ?? [];
  const setData = (models) => {
    list.change((data) => ({ ...data, models }));
    current.reload();
  };
  const models = { data: rows, current: current.data?.model ?? null, setData };
  const shown = rows.map((each) => each.id);
  const { ids, choose, chooseOne, chooseAll } = useSelection(`models.${workspace.id}`, shown);
  const csv = () => download(`${PATH}.csv?${choiceOf(workspace, view)}`, "models.csv");
  return html`
    <div class="list-body">
      ${current.data && html`<${Current} workspace=${workspace} current=${current.data.model} />`}
      <${Toolbar}
        ...${{ view, fields, isNarrow }}
        onChange=${change}
        columns=${all}
        groups=${modelGroups()}
        onCsv=${csv}
      />
      <${Found} ...${{ list, rows, view, fields, change }} initial=${INITIAL} none=${t("models.noneMatch")}>
        ${view.isCards || isNarrow
          ? html`<${Cards} ...${{ workspace, workspaces, models }} />`
          : html`<${Table} ...${{ view, list, rows, change, all, ids, chooseOne, chooseAll }} />`}
      <//>
      <${ModelBulk} ...${{ workspace, ids }} onChoose=${choose} onDone=${list.reload} />
    </div>
  `;
}

function Table({ rows, ids, view, list, change, all, chooseOne, chooseAll }) {
  const columns = all.filter(({ key }) => view.columns.includes(key));
  const sort = ({ key, isFallingFirst }) => change({ sort: nextSort(view.sort, key, INITIAL.sort, isFallingFirst) });
  return html`<${ListTable}
    label=${t("nav.models")}
    dataTest="model"
    rows=${rows}
    columns=${columns.length ? columns : all.slice(0, 1)}
    sort=${view.sort}
    onSort=${sort}
    chosen=${ids}
    onChoose=${chooseOne}
    onChooseAll=${chooseAll}
    nameOf=${titleOf}
    groupOf=${view.group ? (model) => groupOf(model, view.group, list.data.groups) : null}
    isLoading=${list.isLoading}
  />`;
}

function Cards({ workspace, workspaces, models }) {
  return html`<div class="stack">
    ${models.data.map((model) => html`<${ModelCard} key=${model.id} ...${{ workspace, model, models, workspaces }} />`)}
  </div>`;
}

function Current({ workspace, current }) {
  const isGood = current && !isNoBetter(current) && !current.simulated;
  return html`<p class="message ${isGood ? "good" : "warning"}" role="status" data-test="current">
    ${current
      ? html`${t("models.currentIs")}${" "}
          <a href=${`#/w/${workspace.id}/models/${current.id}`}>${titleOf(current)}</a>${" "}
          (${t("models.version", { id: String(current.id) })}).${" "}
          <${ModelBadges} model=${current} />`
      : t("models.noCurrent")}
  </p>`;
}

function NoModels({ workspace }) {
  return html`
    <${Empty} title=${t("models.empty")}>
      <p>${t("models.empty.text")}</p>
      <div class="actions">
        ${workspace.mayEdit &&
        html`<a class="button primary" href=${`#/w/${workspace.id}/train`}>${t("models.empty.train")}</a>`}
        <a class="button" href=${`#/w/${workspace.id}/datasets`}>${t("models.empty.datasets")}</a>
      </div>
    <//>
  `;
}
