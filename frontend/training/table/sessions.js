// The sessions of a workspace, newest first: live, filtered, selectable for comparison.

import { useDraft } from "../../lib/data.js";
import { html } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { goTo } from "../../lib/router.js";
import { useSessionList } from "./session-list.js";
import { useTitle } from "../../lib/title.js";
import { ActionButton, Empty, Failure, PageHead } from "../../ui/basics.js";
import { TrainingSessionCard } from "./training-session-card.js";

const STATUSES = ["training", "pending", "completed", "failed", "cancelled"];

const NOTHING_CHOSEN = { ids: [] };

export function Sessions({ workspace, query }) {
  useTitle(t("training.sessions"));
  const status = STATUSES.find((each) => each === query.status);
  const list = useSessionList(workspace, status);
  const [{ ids }, choose] = useDraft(`compare.${workspace.id}`, NOTHING_CHOSEN);
  const toggle = (id) => choose({ ids: ids.includes(id) ? ids.filter((each) => each !== id) : [...ids, id] });
  const drop = (id) => {
    list.forget(id);
    choose({ ids: ids.filter((each) => each !== id) });
    document.querySelector("main h1")?.focus(); // the button that was pressed is gone
  };
  const train =
    workspace.mayEdit &&
    html`<a class="button primary" href=${`#/w/${workspace.id}/train`}>${t("training.new")}</a>`;
  const isEmpty = list.sessions?.length === 0 && !list.hasMore;
  return html`
    <${PageHead} title=${t("training.sessions")} actions=${isEmpty && !status ? null : train} />
    ${isEmpty && !status
      ? html`<${NothingYet}>${train}<//>`
      : html`<div class="stack">
          <${Filter} workspace=${workspace} status=${status} />
          ${isEmpty && html`<p class="hint" role="status">${t("training.noneOfStatus")}</p>`}
          <${List} ...${{ workspace, list, ids, onChoose: toggle, onDelete: drop }} />
          <${CompareBar} workspace=${workspace} ids=${ids} onClear=${() => choose(NOTHING_CHOSEN)} />
        </div>`}
  `;
}

function NothingYet({ children }) {
  return html`
    <${Empty} title=${t("training.empty")}>
      <p>${t("training.empty.text")}</p>
      <div class="actions">${children}</div>
    <//>
  `;
}

function Filter({ workspace, status }) {
  const show = (each) => {
    goTo(`/w/${workspace.id}/sessions${each ? `?status=${each}` : ""}`, { replace: true });
  };
  const option = (each, text) => html`
    <button type="button" aria-pressed=${status === each} onClick=${() => show(each)}>${text}</button>
  `;
  return html`
    <div class="segmented wraps" role="group" aria-label=${t("training.filter")}>
      ${option(undefined, t("all"))} ${STATUSES.map((each) => option(each, t(`status.${each}`)))}
    </div>
  `;
}

function List({ workspace, list, ids, onChoose, onDelete }) {
  if (list.sessions === null) {
    return list.error
      ? html`<${Failure} error=${list.error} onRetry=${list.reload} />`
      : html`<p class="loading" role="status">${t("loading")}</p>`;
  }
  return html`
    <ul class="plain stack session-list">
      ${list.sessions.map(
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
    ${list.hasMore &&
    html`<div class="actions">
      <${ActionButton} onAct=${list.loadMore}>${t("more")}<//>
      <span class="hint">${t("training.shown", { count: list.sessions.length })}</span>
    </div>`}
  `;
}

/** Stays visible while a long list scrolls. */
function CompareBar({ workspace, ids, onClear }) {
  const target = `/w/${workspace.id}/compare?ids=${[...ids].sort((a, b) => a - b).join(",")}`;
  const key = ids.length > 1 ? "training.compare.chosen" : "training.compare.another";
  return html`
    <div class=${ids.length > 0 ? "compare-bar card row between" : ""}>
      <span role="status">${ids.length > 0 && t(key, { count: ids.length })}</span>
      ${ids.length > 0 &&
      html`<div class="actions">
        <button type="button" class="quiet" onClick=${onClear}>${t("training.compare.clear")}</button>
        <button type="button" class="primary" disabled=${ids.length < 2} onClick=${() => goTo(target)}>
          ${t("training.compare")}
        </button>
      </div>`}
    </div>
  `;
}
