// Page not found: an unknown address, or one in a workspace that is not yours.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { useTitleOfNothing } from "../lib/title.js";
import { PageHead } from "./basics.js";

export function NotFound() {
  useTitleOfNothing(t("notFound.title"));
  return html`
    <${PageHead} title=${t("notFound.title")}><p>${t("notFound.text")}</p><//>
    <a class="button" href="#/workspaces">${t("nav.workspaces")}</a>
  `;
}
