// The sessions of a study, by seed and fold.

import { html } from "../lib/html.js";
import { fixed, has, percent, t } from "../lib/i18n.js";
import { shareOf } from "../lib/progress.js";
import { sessionHref } from "../training/session/session-head.js";
import { StatusBadge } from "../ui/basics.js";

/** @param {{workspace: object, study: object}} properties */
export function StudySessions({ workspace, study }) {
  return html`
    <section class="card stack" data-test="study-sessions">
      <h2>${t("studies.sessions")}</h2>
      <div class="table-scroll" tabindex="0" role="region" aria-label=${t("studies.sessions")}>
        <table>
          <thead>
            <tr>
              <th scope="col">${t("studies.session")}</th>
              <th scope="col" class="number">${t("studies.seed")}</th>
              <th scope="col" class="number">${t("studies.fold")}</th>
              <th scope="col">${t("studies.status")}</th>
              <th scope="col" class="number">${t("studies.progress")}</th>
              <th scope="col" class="number">${t("evaluation.figure.accuracy")}</th>
              <th scope="col" class="number">${t("evaluation.figure.log_loss")}</th>
            </tr>
          </thead>
          <tbody>
            ${study.sessions.map((each) => html`<${Row} key=${each.id} workspace=${workspace} session=${each} />`)}
          </tbody>
        </table>
      </div>
    </section>
  `;
}

function Row({ workspace, session }) {
  const { id, seed, fold, status, request, error, figures } = session;
  return html`
    <tr>
      <th scope="row">
        <a href=${sessionHref(workspace, id)}>${t("training.sessionNumber", { id: String(id) })}</a>
      </th>
      <td class="number">${String(seed)}</td>
      <td class="number">${String(fold)}</td>
      <td>
        <${StatusBadge} status=${status} />
        ${request && status === "training" && html`<p class="hint">${t(`training.request.${request}`)}</p>`}
        ${error && html`<p class="field-error">${reasonText(error)}</p>`}
      </td>
      <td class="number">${progressText(session)}</td>
      <td class="number">${percent(figures?.accuracy ?? null)}</td>
      <td class="number">${fixed(figures?.log_loss ?? null, 3)}</td>
    </tr>
  `;
}

/** In percent, or what is done once the epochs are over. */
function progressText(session) {
  const share = shareOf(session);
  return share === null ? t(`studies.stage.${session.stage ?? "preparing"}`) : percent(share, 0);
}

/** The server's own words where the page has none. */
function reasonText({ reason, message }) {
  const key = `training.failed.${reason}`;
  return has(key) ? t(key) : message;
}
