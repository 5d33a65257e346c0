// The sessions of a study, by seed and fold, or by setting and seed; those of one setting are a choice.

import { html } from "../lib/html.js";
import { fixed, has, percent, t } from "../lib/i18n.js";
import { goTo } from "../lib/router.js";
import { withQuery } from "../lib/api.js";
import { sessionHref } from "../training/session/session-head.js";
import { shareOf } from "../lib/progress.js";
import { StatusBadge } from "../ui/basics.js";
import { studyHref } from "./studies-state.js";
import { settingText } from "./study-kinds.js";

/** @param {{workspace: object, study: object, query: object}} properties the address names the setting */
export function StudySessions({ workspace, study, query }) {
  const isGrid = study.kind === "grid";
  const settings = isGrid ? [null, ...study.differences].map((_, setting) => setting) : [];
  const chosen = settings.find((each) => String(each) === query.setting) ?? null;
  const shown = study.sessions.filter(({ setting }) => chosen === null || setting === chosen);
  const choose = ({ target }) =>
    goTo(withQuery(studyHref(workspace, study.id), { setting: target.value || null }), { replace: true });
  return html`
    <section class="card stack" data-test="study-sessions">
      <h2>${t("studies.sessions")}</h2>
      ${isGrid &&
      html`<div class="actions study-choices">
        <label class="row" for="grid-filter">
          ${t("grid.setting")}
          <select id="grid-filter" value=${chosen === null ? "" : String(chosen)} onChange=${choose}>
            <option value="">${t("all")}</option>
            ${settings.map(
              (each) => html`<option key=${each} value=${String(each)}>${settingText(study, each)}</option>`,
            )}
          </select>
        </label>
      </div>`}
      <div class="table-scroll" tabindex="0" role="region" aria-label=${t("studies.sessions")}>
        <table>
          <thead>
            <tr>
              <th scope="col">${t("studies.session")}</th>
              ${isGrid && html`<th scope="col">${t("grid.setting")}</th>`}
              <th scope="col" class="number">${t("studies.seed")}</th>
              ${!isGrid && html`<th scope="col" class="number">${t("studies.fold")}</th>`}
              <th scope="col">${t("studies.status")}</th>
              <th scope="col" class="number">${t("studies.progress")}</th>
              <th scope="col" class="number">${t("evaluation.figure.accuracy")}</th>
              <th scope="col" class="number">${t("evaluation.figure.log_loss")}</th>
            </tr>
          </thead>
          <tbody>
            ${shown.map((each) => html`<${Row} key=${each.id} ...${{ workspace, study }} session=${each} />`)}
          </tbody>
        </table>
      </div>
    </section>
  `;
}

function Row({ workspace, study, session }) {
  const { id, seed, fold, setting, status, request, error, figures } = session;
  return html`
    <tr>
      <th scope="row">
        <a href=${sessionHref(workspace, id)}>${t("training.sessionNumber", { id: String(id) })}</a>
      </th>
      ${study.kind === "grid" &&
      html`<td>${setting === null ? t("grid.setting.none") : settingText(study, setting)}</td>`}
      <td class="number">${String(seed)}</td>
      ${fold !== null && html`<td class="number">${String(fold)}</td>`}
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
