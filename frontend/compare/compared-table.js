// A table with one column a session: its head names them, its first column stays in sight.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { nameOf } from "../lib/watch.js";
import { sessionHref } from "../training/session/session-head.js";

/**
 * @typedef {object} Cell
 * @property {any} text what is shown
 * @property {any} [note] a quiet line below
 * @property {boolean} [isBest] marked, in words as well
 *
 * @typedef {object} Row
 * @property {string} name unique
 * @property {string} title
 * @property {string} [hint]
 * @property {boolean} [isHead] the title of the rows below it, without cells
 * @property {boolean} [differs] set off among rows that are equal
 * @property {Cell[]} [cells] one a session
 */

/** @param {{title: string, workspace: object, compared: object[], rows: Row[]}} properties */
export function ComparedTable({ title, workspace, compared, rows }) {
  return html`
    <div class="table-scroll whole" tabindex="0" role="region" aria-label=${title}>
      <table class="compare-table">
        <thead>
          <tr>
            <td></td>
            ${compared.map(
              ({ id, session }) => html`<th scope="col" key=${id}>
                <a href=${sessionHref(workspace, id)}>${nameOf(session)}</a>
                <span class="hint"> #${id}</span>
              </th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${rows.map((row) =>
            row.isHead
              ? html`<tr key=${row.name} class="group">
                  <th scope="rowgroup" colspan=${compared.length + 1}>
                    <span class="stays">
                      ${row.title}${row.hint && html` <span class="hint">${row.hint}</span>`}
                    </span>
                  </th>
                </tr>`
              : html`<tr key=${row.name} class=${row.differs ? "differs" : ""}>
                  <th scope="row">${row.title}</th>
                  ${row.cells.map((cell, n) => html`<${CellOf} key=${compared[n].id} cell=${cell} />`)}
                </tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;
}

function CellOf({ cell: { text, note, isBest } }) {
  return html`<td class=${isBest ? "best" : ""}>
    ${text}${isBest && html` <span class="badge current">${t("training.compare.best")}</span>`}
    ${note && html`<div class="hint">${note}</div>`}
  </td>`;
}
