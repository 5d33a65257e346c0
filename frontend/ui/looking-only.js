// Why there is nothing to change on this page, and whom to ask.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";

/** @param {{workspace: object}} properties one that the user may not change */
export function LookingOnly({ workspace }) {
  const { lookingBecause: reason, owner } = workspace;
  return html`<p class="message" data-test="looking-only">${t(`looking.${reason}`, { owner })}</p>`;
}
