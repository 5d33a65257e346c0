// Actions on a model: promote, predict, download, delete.

import { download } from "../lib/api.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { KeptFiles } from "./kept-files.js";
import { erase, fileName, titleOf } from "./models-state.js";
import { ActionButton, ConfirmButton } from "../ui/basics.js";
import { PromoteButton } from "./promote-button.js";

/**
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {object} properties.model
 * @param {object | null} properties.manifest of the model, null until it is known
 * @param {object} properties.models from `useModels`
 * @param {object} properties.workspaces
 * @param {() => void} [properties.onErased] where to go; else the list is shown without it
 */
export function ModelActions({ workspace, model, manifest, models, workspaces, onErased }) {
  const remove = async () => {
    await erase(model);
    if (onErased) onErased();
    else models.setData(models.data.filter((each) => each.id !== model.id));
  };
  return html`
    <div class="actions">
      ${workspace.mayEdit &&
      !model.is_current &&
      html`<${PromoteButton} ...${{ workspace, model, models, workspaces }} />`}
      <a class="button" href=${`#/w/${workspace.id}/predict?model=${model.id}`}>${t("models.predict")}</a>
      <${ActionButton} onAct=${() => download(`/api/models/${model.id}/download`, fileName(model))}>
        ${t("models.download")}
      <//>
      <${KeptFiles} model=${model} manifest=${manifest} />
      ${workspace.mayEdit &&
      (model.is_current
        ? html`<span class="hint">${t("models.deleteCurrent")}</span>`
        : html`<${ConfirmButton}
            class="quiet"
            question=${t("models.deleteQuestion", { name: titleOf(model), id: String(model.id) })}
            consequence=${t("models.deleteConsequence")}
            onConfirm=${remove}
            >${t("delete")}<//
          >`)}
    </div>
  `;
}
