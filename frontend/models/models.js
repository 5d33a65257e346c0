// The models of a workspace, newest first: the current one, promote, roll back, download.

import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { titleOf, useModels } from "./models-state.js";
import { useTitle } from "../lib/title.js";
import { Empty, Loaded, PageHead } from "../ui/basics.js";
import { ModelCard } from "./model-card.js";
import { isNoBetter, ModelBadges } from "../ui/verdict-notes.js";

const A_TIME = 12;

export function Models({ workspace, workspaces }) {
  useTitle(t("nav.models"));
  const models = useModels(workspace);
  const [shown, setShown] = useState(A_TIME);
  return html`
    <${PageHead} title=${t("nav.models")}><p>${t("models.lead")}</p><//>
    <${Loaded} of=${models}>
      ${(list) =>
        list.length === 0
          ? html`<${NoModels} workspace=${workspace} />`
          : html`<div class="stack">
              <${Current} workspace=${workspace} current=${models.current} />
              ${list.slice(0, shown).map(
                (model) => html`<${ModelCard}
                  key=${model.id}
                  workspace=${workspace}
                  model=${model}
                  models=${models}
                  workspaces=${workspaces}
                />`,
              )}
              ${shown < list.length &&
              html`<div class="actions">
                <button type="button" onClick=${() => setShown(shown + A_TIME)}>${t("more")}</button>
                <span class="hint">${t("models.shown", { shown, all: list.length })}</span>
              </div>`}
            </div>`}
    <//>
  `;
}

/** The current model: it may be far down the list. */
function Current({ workspace, current }) {
  const isGood = current && !isNoBetter(current) && !current.simulated;
  return html`<p class="message ${isGood ? "good" : "warning"}" role="status" data-test="current">
    ${current
      ? html`${t("models.currentIs")}${" "}
          <a href=${`#/w/${workspace.id}/models/${current.id}`}>${titleOf(current)}</a>${" "}
          (${t("models.version", { id: String(current.id) })}).${" "}
          <${ModelBadges} model=${current} />`
      : t("models.noCurrent")}
  </p>`;
}

function NoModels({ workspace }) {
  return html`
    <${Empty} title=${t("models.empty")}>
      <p>${t("models.empty.text")}</p>
      <div class="actions">
        ${workspace.mayEdit &&
        html`<a class="button primary" href=${`#/w/${workspace.id}/train`}>${t("models.empty.train")}</a>`}
        <a class="button" href=${`#/w/${workspace.id}/datasets`}>${t("models.empty.datasets")}</a>
      </div>
    <//>
  `;
}
