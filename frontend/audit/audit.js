// The audit log of a workspace or of the whole server: who did what, newest first.

import { html } from "../lib/html.js";
import { dateTime, t } from "../lib/i18n.js";
import { goTo } from "../lib/router.js";
import { useTitle } from "../lib/title.js";
import { ActionButton, Failure, Field, PageHead } from "../ui/basics.js";
import { ACTIONS, detailText, userText } from "./audit-words.js";
import { useAudit } from "./audit-list.js";

/**
 * @param {object} properties
 * @param {object} [properties.workspace] none: the whole server
 * @param {object} properties.query `action`: only entries of this kind
 */
export function Audit({ workspace, query }) {
  const title = workspace ? t("audit.ofWorkspace", { name: workspace.name }) : t("audit.ofServer");
  useTitle(title);
  const action = ACTIONS.find((each) => each === query.action) ?? null;
  const page = workspace ? `/w/${workspace.id}/audit` : "/audit";
  const back = workspace
    ? { href: "#/workspaces", text: t("nav.workspaces") }
    : { href: "#/account", text: t("account.title") };
  const log = useAudit(workspace?.key ?? null, action);
  const choose = (event) => {
    const { value } = event.target;
    goTo(value ? `${page}?action=${value}` : page, { replace: true });
  };
  return html`
    <${PageHead} title=${title} back=${back}><p>${t("audit.lead")}</p><//>
    <div class="stack">
      <div class="audit-filter">
        <${Field} id="audit-action" label=${t("audit.filter")}>
          ${(common) => html`<select ...${common} value=${action ?? ""} onChange=${choose}>
            <option value="" selected=${action === null}>${t("all")}</option>
            ${ACTIONS.map(
              (each) => html`<option key=${each} value=${each} selected=${each === action}>
                ${t(`audit.action.${each}`)}
              </option>`,
            )}
          </select>`}
        <//>
      </div>
      <${Entries} log=${log} isOfServer=${!workspace} />
    </div>
  `;
}

function Entries({ log, isOfServer }) {
  const { entries, error, hasMore, loadMore, reload } = log;
  if (entries === null) {
    return error
      ? html`<${Failure} error=${error} onRetry=${reload} />`
      : html`<p class="loading" role="status">${t("loading")}</p>`;
  }
  if (entries.length === 0) return html`<p class="hint" role="status">${t("audit.none")}</p>`;
  const columns = ["action", "user", ...(isOfServer ? ["workspace"] : []), "at", "address"];
  return html`
    <div class="table-scroll whole" tabindex="0" role="region" aria-label=${t("audit.title")}>
      <table data-test="audit">
        <thead>
          <tr>${columns.map((name) => html`<th key=${name} scope="col">${t(`audit.${name}`)}</th>`)}</tr>
        </thead>
        <tbody>
          ${entries.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} isOfServer=${isOfServer} />`)}
        </tbody>
      </table>
    </div>
    <div class="actions">
      ${hasMore && html`<${ActionButton} onAct=${loadMore}>${t("more")}<//>`}
      <span class="hint" role="status">${t("audit.shown", { count: entries.length })}</span>
    </div>
  `;
}

function Entry({ entry, isOfServer }) {
  const detail = detailText(entry);
  return html`
    <tr data-test="audit-entry">
      <td>${t(`audit.action.${entry.action}`)}${detail && html`<span class="interval">${detail}</span>`}</td>
      <td>${userText(entry)}</td>
      ${isOfServer && html`<td>${entry.workspace ?? "–"}</td>`}
      <td><time datetime=${entry.at}>${dateTime(entry.at)}</time></td>
      <td>${entry.address ?? "–"}</td>
    </tr>
  `;
}
