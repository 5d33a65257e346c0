// What the user is in a workspace: owner, editor or viewer.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";

/** @param {{role: "owner" | "editor" | "viewer"}} properties */
export function RoleBadge({ role }) {
  return html`<span class="badge" title=${t(`role.${role}.may`)}>${t(`role.${role}`)}</span>`;
}
