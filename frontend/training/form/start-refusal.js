// Why a session was not started, if no single field is wrong, and what to do.

import { html } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { explain } from "../../lib/notices.js";
import { problemText } from "../../ui/basics.js";

/**
 * @param {object} properties
 * @param {Error | null} properties.error
 * @param {object} properties.workspace
 * @param {string[]} properties.fields those that show their errors themselves
 */
export function Refusal({ error, workspace, fields }) {
  if (!error) return null;
  const others = (error.errors ?? []).filter(({ field }) => !fields.includes(field));
  const isShownAtFields = error.status === 422 && error.errors.length > 0 && others.length === 0;
  const waiting = `#/w/${workspace.id}/sessions?status=pending`;
  return html`
    <div class="message error" role="alert">
      <p>${said(error, isShownAtFields)}</p>
      ${others.length > 0 && html`<ul>${others.map((each) => html`<li>${problemText(each)}</li>`)}</ul>`}
      ${isQueueFull(error) &&
      html`<p><a href=${waiting}>${t("training.refused.waiting")}</a></p>`}
    </div>
  `;
}

function said(error, isShownAtFields) {
  if (isShownAtFields) return t("training.refused.fields");
  return isQueueFull(error) ? t("training.refused.429") : explain(error);
}

/** Not a server that is busy with something else. */
function isQueueFull({ status, message }) {
  return status === 429 && message.includes("waiting sessions");
}
