// The sessions of a workspace as a table or as cards: live, sorted, filtered, searched by the server.

import { download } from "../../lib/api.js";
import { html, useMemo } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { goTo } from "../../lib/router.js";
import { useStore } from "../../lib/store.js";
import { useTitle } from "../../lib/title.js";
import { isUnderWay, nameOf, watched } from "../../lib/watch.js";
import { useMark } from "../../listing/cells.js";
import { Found } from "../../listing/found.js";
import { isNothingYet, useListed } from "../../listing/listed.js";
import { useNarrow } from "../../listing/narrow.js";
import { useSelection } from "../../listing/selection.js";
import { ListTable } from "../../listing/table.js";
import { Toolbar } from "../../listing/toolbar.js";
import { addressOf, choiceOf, nextSort, pageOf, viewOf } from "../../listing/view.js";
import { Empty, PageHead } from "../../ui/basics.js";
import { SessionBulk } from "./session-bulk.js";
import { Cluster } from "../cluster/cluster.js";
import { groupOf, INITIAL, sessionColumns, sessionFields, sessionGroups } from "./session-columns.js";
import { TrainingSessionCard } from "./training-session-card.js";

const PATH = "/api/training/sessions";

export function Sessions({ workspace, query }) {
  useTitle(t("training.sessions"));
  const view = viewOf(query, INITIAL);
  const list = useSessions(workspace, view);
  const change = (patched, { replace = false, staysOnPage = false } = {}) => {
    const first = staysOnPage ? {} : { cursor: "", from: 1 };
    const address = addressOf({ ...view, ...first, ...patched }, INITIAL);
    goTo(`/w/${workspace.id}/sessions${address && `?${address}`}`, { replace });
  };
  const train =
    workspace.mayEdit &&
    html`<a class="button primary" href=${`#/w/${workspace.id}/train`}>${t("training.new")}</a>`;
  const isEmpty = isNothingYet(list, view);
  const properties = { workspace, view, list, change };
  return html`
    <div class="list-page">
      <${PageHead} title=${t("training.sessions")} actions=${isEmpty ? null : train} />
      ${isEmpty ? html`<${NothingYet}>${train}<//>` : html`<${List} ...${properties} />`}
      <${Cluster} />
    </div>
  `;
}

function useSessions(workspace, view) {
  const live = useStore(watched);
  const isLive = live.key === workspace.key && Boolean(live.sessions?.some(isUnderWay));
  const states = (live.sessions ?? []).map((each) => `${each.id}${each.status}`).join();
  const isActive = ({ sessions }) => isLive || sessions.some(isUnderWay);
  return useListed(pageOf(PATH, workspace, view), isActive, `${live.round} ${states}`);
}

function NothingYet({ children }) {
  return html`
    <${Empty} title=${t("training.empty")}>
      <p>${t("training.empty.text")}</p>
      <div class="actions">${children}</div>
    <//>
  `;
}

function List({ workspace, view, list, change }) {
  const isNarrow = useNarrow();
  const fields = sessionFields();
  const onMark = useMark(list, "/api/training/session", "session", "sessions");
  const all = useMemo(() => sessionColumns(workspace, onMark), [workspace]);
  const rows = list.data?.sessions ?? [];
  const shown = rows.map((each) => each.id);
  const { ids, choose, chooseOne, chooseAll } = useSelection(`compare.${workspace.id}`, shown);
  const forget = (id) => {
    choose(ids.filter((each) => each !== id));
    list.reload();
    document.querySelector("main h1")?.focus(); // the button that was pressed is gone
  };
  const csv = () => download(`${PATH}.csv?${choiceOf(workspace, view)}`, "sessions.csv");
  const common = { workspace, rows, ids, onChoose: chooseOne };
  return html`
    <div class="list-body">
      <${Toolbar}
        ...${{ view, fields, isNarrow }}
        onChange=${change}
        columns=${all}
        groups=${sessionGroups()}
        onCsv=${csv}
      />
      <${Found} ...${{ list, rows, view, fields, change }} initial=${INITIAL} none=${t("training.noneOfStatus")}>
        ${view.isCards || isNarrow
          ? html`<${Cards} ...${common} onDelete=${forget} />`
          : html`<${Table} ...${{ ...common, view, list, change, all }} onChooseAll=${chooseAll} />`}
      <//>
      <${SessionBulk} ...${{ workspace, ids }} onChoose=${choose} onDone=${list.reload} />
    </div>
  `;
}

function Table({ rows, ids, view, list, change, all, onChoose, onChooseAll }) {
  const columns = all.filter(({ key }) => view.columns.includes(key));
  const sort = ({ key, isFallingFirst }) => change({ sort: nextSort(view.sort, key, INITIAL.sort, isFallingFirst) });
  return html`<${ListTable}
    label=${t("training.sessions")}
    dataTest="session"
    rows=${rows}
    columns=${columns.length ? columns : all.slice(0, 1)}
    sort=${view.sort}
    onSort=${sort}
    chosen=${ids}
    onChoose=${onChoose}
    onChooseAll=${onChooseAll}
    nameOf=${nameOf}
    groupOf=${view.group ? (session) => groupOf(session, view.group, list.data.groups) : null}
    isLoading=${list.isLoading}
  />`;
}

function Cards({ workspace, rows, ids, onChoose, onDelete }) {
  return html`
    <ul class="plain stack session-list">
      ${rows.map(
        (session) => html`<li key=${session.id}>
          <${TrainingSessionCard}
            workspace=${workspace}
            session=${session}
            isChosen=${ids.includes(session.id)}
            onChoose=${onChoose}
            onDelete=${onDelete}
          />
        </li>`,
      )}
    </ul>
  `;
}
