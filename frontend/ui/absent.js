// In place of something that is followed: it is being loaded, it did not come, or it was deleted meanwhile.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Failure } from "./basics.js";

/**
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {Error | null} properties.error
 * @param {boolean} properties.isGone it was here, and is deleted
 * @param {() => void} properties.ask
 */
export function Absent({ workspace, error, isGone, ask }) {
  if (isGone) {
    return html`<p class="message warning" role="status" data-test="gone">
      ${t("gone.text")} ${workspace.mayEdit && html`<a href=${`#/w/${workspace.id}/bin`}>${t("bin.open")}</a>`}
    </p>`;
  }
  if (!error) return html`<p class="loading" role="status">${t("loading")}</p>`;
  return html`<${Failure} error=${error} onRetry=${error.status === 404 ? null : ask} />`;
}
