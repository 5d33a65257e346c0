// The compared sessions: each can be removed, others added.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { explain } from "../lib/notices.js";
import { useStore } from "../lib/store.js";
import { nameOf, watched } from "../lib/watch.js";
import { SessionBadge } from "../ui/verdict-notes.js";
import { networkName } from "../training/form/network-choice.js";
import { sessionHref } from "../training/session/session-head.js";

/**
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {object[]} properties.compared
 * @param {(id: number) => void} properties.onAdd
 * @param {(id: number) => void} properties.onRemove
 */
export function ComparedSessions({ workspace, compared, onAdd, onRemove }) {
  const listed = useStore(watched, (state) => (state.key === workspace.key ? state.sessions : null)) ?? [];
  const chosen = new Set(compared.map((each) => each.id));
  const remove = (id) => {
    document.getElementById("add-session")?.focus(); // the button that was pressed goes
    onRemove(id);
  };
  const others = listed.filter((each) => !chosen.has(each.id) && each.epochs_completed > 0);
  if (compared.length + others.length === 0) return null;
  return html`
    <section class="card stack comparing" aria-label=${t("training.compare.sessions")}>
      ${compared.length > 0 &&
      html`<ul class="plain compared">
        ${compared.map(
          (each) => html`<${Item} key=${each.id} ...${{ workspace, compared: each, onRemove: remove }} />`,
        )}
      </ul>`}
      ${others.length > 0 &&
      html`<div class="field add-session">
        <label for="add-session">${t("training.compare.add")}</label>
        <select id="add-session" value="" onChange=${(event) => onAdd(Number(event.target.value))}>
          <option value="">${t("training.compare.pick")}</option>
          ${others.map((each) => html`<option key=${each.id} value=${each.id}>${describe(each)}</option>`)}
        </select>
      </div>`}
    </section>
  `;
}

function describe(session) {
  const { id, spec, status } = session;
  const about = [spec.dataset_name, networkName(spec.network), t(`status.${status}`)].join(", ");
  return `#${id} ${nameOf(session)} (${about})`;
}

function Item({ workspace, compared, onRemove }) {
  const { id, session, error } = compared;
  const number = t("training.sessionNumber", { id: String(id) });
  return html`
    <li>
      <span class="row">
        ${session
          ? html`<a href=${sessionHref(workspace, id)}>${nameOf(session)}</a>
              <span class="hint">${number}</span>
              <${SessionBadge} session=${session} />`
          : html`<span>${number}</span>
              <span class=${error ? "field-error" : "hint"} role=${error ? "alert" : "status"}>
                ${error ? explain(error) : t("loading")}
              </span>`}
      </span>
      <button
        type="button"
        class="quiet"
        aria-label=${t("training.compare.remove", { id: String(id) })}
        onClick=${() => onRemove(id)}
      >✕</button>
    </li>
  `;
}
