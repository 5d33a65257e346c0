// Makes a model the current one, after a dialog that compares the two.

import { get } from "../lib/api.js";
import { useData } from "../lib/data.js";
import { BRIEF } from "../lib/figures.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { isRollback, promote } from "./models-state.js";
import { ActionButton, Dialog, Loaded } from "../ui/basics.js";

/**
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {object} properties.model not the current one
 * @param {object} properties.models from `useModels`
 * @param {object} properties.workspaces
 */
export function PromoteButton({ workspace, model, models, workspaces }) {
  const [isOpen, setOpen] = useState(false);
  const kind = isRollback(model, models.current) ? "rollback" : "promote";
  const act = async () => {
    await promote(model, models, workspaces);
    // This button is gone now.
    document.querySelector("main h1")?.focus();
  };
  const close = () => setOpen(false);
  return html`
    <button type="button" data-test="promote" onClick=${() => setOpen(true)}>${t(`models.${kind}`)}</button>
    ${isOpen &&
    html`<${Dialog} title=${t(`models.${kind}.question`, { name: model.name })} onClose=${close}>
      <p>${t("models.promote.consequence", { workspace: workspace.name })}</p>
      ${models.current && html`<${Comparison} model=${model} current=${models.current} />`}
      <div class="actions end">
        <button type="button" onClick=${close}>${t("cancel")}</button>
        <${ActionButton} class="primary" onAct=${act} onDone=${close}>${t(`models.${kind}.confirm`)}<//>
      </div>
    <//>`}
  `;
}

/** The figures of both on their test stars, and whether those are the same. */
function Comparison({ model, current }) {
  const manifests = useData(
    () => Promise.all([model, current].map(manifestOf)),
    [model.id, current.id],
  );
  return html`
    <div class="table-scroll">
      <table>
        <caption class="visually-hidden">${t("models.comparison")}</caption>
        <thead>
          <tr>
            <td></td>
            <th scope="col" class="number">${t("models.now", named(current))}</th>
            <th scope="col" class="number">${t("models.then", named(model))}</th>
          </tr>
        </thead>
        <tbody>
          ${BRIEF.map(
            (figure) => html`<tr key=${figure.name}>
              <th scope="row">${t(`evaluation.figure.${figure.name}`)}</th>
              ${[current, model].map(({ evaluation }) => html`<td class="number">
                ${evaluation ? figure.write(figure.of(evaluation)) : t("models.notTested")}
              </td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${model.evaluation && current.evaluation
      ? html`<${Loaded} of=${manifests}>
          ${(found) => html`<p class="hint">
            ${t(haveSameStars(found) ? "models.sameStars" : "models.otherStars")}
          </p>`}
        <//>`
      : html`<p class="hint">${t("models.incomparable")}</p>`}
  `;
}

/** The test stars follow from the table, the seed and the two splits. */
function haveSameStars([one, other]) {
  const settings = ["dataset_sha256", "seed", "validation_split", "test_split"];
  return settings.every((name) => one.spec[name] === other.spec[name]);
}

async function manifestOf({ id }) {
  return (await get(`/api/models/${id}`)).model.manifest;
}

function named({ name, id }) {
  return { name, id: String(id) };
}
