// The test rows behind a cell of the confusion matrix, with the prediction for each.

import { get } from "../lib/api.js";
import { CLASSES, columnName, unitOf } from "../lib/columns.js";
import { useData } from "../lib/data.js";
import { html } from "../lib/html.js";
import { number, percent, significant, t } from "../lib/i18n.js";
import { className, Loaded } from "../ui/basics.js";

const ROWS_A_PAGE = 25;

/** A page of the rows behind a cell, as `useData`; nothing without a cell. */
export function useCellRows(session, cell, offset) {
  const path = `/api/training/session/${session.id}/evaluation/rows`;
  const load = async () => cell && get(path, { ...cell, offset, limit: ROWS_A_PAGE });
  return useData(load, [path, cell?.true, cell?.predicted, offset]);
}

/**
 * @param {object} properties
 * @param {object} properties.session
 * @param {{true: string, predicted: string}} properties.cell
 * @param {object} properties.found from `useCellRows`
 * @param {number | null} properties.chosenRow
 * @param {(offset: number) => void} properties.onPage
 * @param {(row: number) => void} properties.onChoose
 */
export function ConfusionRows({ session, cell, found, chosenRow, onPage, onChoose }) {
  const title = t("evaluation.rowsOf", { true: className(cell.true), predicted: className(cell.predicted) });
  return html`
    <div class="stack" data-test="cell-rows">
      <div>
        <h3>${title}</h3>
        <p class="hint" role="status">
          ${found.data && t("evaluation.rowsShown", shownOf(found.data))}
        </p>
      </div>
      <${Loaded} of=${found}>
        ${({ rows, total, offset }) =>
          total === 0
            ? html`<${NoRows} />`
            : html`
                <${Rows} ...${{ rows, title, chosenRow, session, onChoose }} />
                <${Pager} offset=${offset} total=${total} onPage=${onPage} />
              `}
      <//>
      ${session.dataset_id === null && html`<p class="message warning">${t("evaluation.datasetDeleted")}</p>`}
    </div>
  `;
}

function NoRows() {
  return html`<p class="hint">${t("evaluation.noRows")}</p>`;
}

function Rows({ rows, title, chosenRow, session, onChoose }) {
  const hasCurves = session.dataset_id !== null;
  return html`
    <div class="table-scroll" tabindex="0" role="region" aria-label=${title}>
      <table class="cell-rows">
        <thead>
          <tr>
            <td></td>
            <th scope="colgroup" colspan=${CLASSES.length}>${t("evaluation.probability")}</th>
            <td></td>
            <td></td>
          </tr>
          <tr>
            <th scope="col">${t("parameter.star")}</th>
            ${CLASSES.map((name) => html`<th scope="col" class="number">${className(name)}</th>`)}
            ${["period", "depth"].map(
              (name) => html`<th scope="col" class="number">
                ${columnName(name)} <span class="unit">${unitOf(name)}</span>
              </th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (each) => html`<tr key=${each.row} class=${each.row === chosenRow ? "chosen" : ""}>
              <th scope="row">
                ${hasCurves
                  ? html`<button type="button" class="link" onClick=${() => onChoose(each.row)}>
                      ${nameOf(each)}
                    </button>`
                  : nameOf(each)}
                ${each.line !== null &&
                html`<span class="interval">${t("evaluation.line", { line: String(each.line) })}</span>`}
              </th>
              ${CLASSES.map((name) => html`<td class="number">${percent(each.probabilities[name])}</td>`)}
              <td class="number">${significant(each.candidate?.period ?? null, 5)}</td>
              <td class="number">${significant(each.candidate?.depth ?? null, 4)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;
}

function Pager({ offset, total, onPage }) {
  if (total <= ROWS_A_PAGE) return null;
  const before = Math.max(0, offset - ROWS_A_PAGE);
  const after = offset + ROWS_A_PAGE;
  return html`
    <div class="actions">
      <button type="button" disabled=${offset === 0} onClick=${() => onPage(before)}>${t("previous")}</button>
      <button type="button" disabled=${after >= total} onClick=${() => onPage(after)}>${t("next")}</button>
    </div>
  `;
}

/** A row's star, or its place where the table names none. */
export function nameOf({ star, row }) {
  return star ?? t("evaluation.row", { row: number(row + 1) });
}

function shownOf({ offset, count, total }) {
  return { count: total, from: total ? offset + 1 : 0, to: offset + count, total };
}
