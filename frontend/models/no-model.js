// Shown where there is no model yet: the next step.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Empty } from "../ui/basics.js";

export function NoModel({ workspace }) {
  return html`
    <${Empty} title=${t("predict.noModel.title")}>
      <p>${t("predict.noModel.text")}</p>
      <div class="actions">
        ${workspace.mayEdit &&
        html`<a class="button primary" href=${`#/w/${workspace.id}/train`}>${t("predict.noModel.train")}</a>`}
        <a class="button" href=${`#/w/${workspace.id}/sessions`}>${t("predict.noModel.sessions")}</a>
      </div>
    <//>
  `;
}
