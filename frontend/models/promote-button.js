// Makes a model the current one, after a dialog that compares the two.

import { get } from "../lib/api.js";
import { useData } from "../lib/data.js";
import { BRIEF } from "../lib/figures.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { isRollback, promote, titleOf } from "./models-state.js";
import { ActionButton, Dialog, Loaded } from "../ui/basics.js";
import { Difference, Verdict } from "../ui/difference.js";
import { VerdictNote } from "../ui/verdict-notes.js";

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
    html`<${Dialog} title=${t(`models.${kind}.question`, { name: titleOf(model) })} onClose=${close}>
      <p>${t("models.promote.consequence", { workspace: workspace.name })}</p>
      <${VerdictNote} of=${model} />
      ${models.current && html`<${Comparison} model=${model} current=${models.current} />`}
      <div class="actions end">
        <button type="button" onClick=${close}>${t("cancel")}</button>
        <${ActionButton} class="primary" onAct=${act} onDone=${close}>${t(`models.${kind}.confirm`)}<//>
      </div>
    <//>`}
  `;
}

/** The figures of both on their test stars, and how they differ on those that both have. */
function Comparison({ model, current }) {
  const found = useData(() => comparisonOf(model, current), [model.id, current.id]);
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
          <tr>
            <th scope="row">${t("models.dataset")}</th>
            ${[current, model].map((each) => html`<td class="number">${each.dataset_name ?? "–"}</td>`)}
          </tr>
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
      ? html`<${Loaded} of=${found}>${(comparison) => html`<${Differences} comparison=${comparison} />`}<//>`
      : html`<p class="hint">${t("models.incomparable")}</p>`}
  `;
}

function Differences({ comparison }) {
  if (!comparison.figures) return html`<p class="hint">${t("models.otherStars")}</p>`;
  return html`<div class="stack">
    <p>${t("models.differences", { rows: comparison.rows })}</p>
    <ul class="plain verdicts" data-test="promote-differences">
      ${BRIEF.map((figure) => {
        const { verdict, difference, interval } = comparison.figures[figure.name];
        return html`<li class=${verdict} key=${figure.name}>
          ${t(`evaluation.figure.${figure.name}`)} ${" "}
          <${Difference} ...${{ figure, difference, interval }} />${" "}
          <${Verdict} verdict=${verdict} />
        </li>`;
      })}
    </ul>
  </div>`;
}

/** On the common test rows; nothing where the server refuses: other tables, or no row in common. */
async function comparisonOf(model, current) {
  try {
    const path = `/api/training/session/${model.session_id}/comparison?other=${current.session_id}`;
    return (await get(path)).comparison;
  } catch (error) {
    if ([404, 409].includes(error.status)) return {};
    throw error;
  }
}

function named({ name, id }) {
  return { name, id: String(id) };
}
