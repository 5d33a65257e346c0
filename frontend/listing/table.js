// A page of a list as a table: sortable heads, rows that can be selected, groups with their number.

import { html, useEffect, useRef } from "../lib/html.js";
import { t } from "../lib/i18n.js";

/**
 * @typedef {object} Column
 * @property {string} key by which the server sorts
 * @property {string} title
 * @property {boolean} [isNumber]
 * @property {boolean} [isUnsorted] the server cannot sort by it
 * @property {boolean} [isHead] its cells name their rows
 * @property {boolean} [isFallingFirst]
 * @property {(row: object) => any} cell
 */

/**
 * @param {object} properties
 * @param {string} properties.label of the table
 * @param {object[]} properties.rows with `id`
 * @param {Column[]} properties.columns
 * @param {string} properties.sort
 * @param {(column: Column) => void} properties.onSort
 * @param {number[]} [properties.chosen] ids; without `onChoose` rows cannot be selected
 * @param {(id: number, isRange: boolean) => void} properties.onChoose
 * @param {(isOn: boolean) => void} properties.onChooseAll
 * @param {(row: object) => string} properties.nameOf
 * @param {((row: object) => {key: string, text: string, count?: number}) | null} properties.groupOf
 * @param {boolean} properties.isLoading
 * @param {string} properties.dataTest of a row, before its id
 */
export function ListTable(properties) {
  const { label, rows, columns, sort, onSort, chosen = [], onChooseAll, groupOf, isLoading } = properties;
  const count = rows.filter((each) => chosen.includes(each.id)).length;
  let last = null;
  return html`
    <div class="table-scroll whole list-table" tabindex="0" role="region" aria-label=${label} aria-busy=${isLoading}>
      <table>
        <thead>
          <tr>
            ${onChooseAll &&
            html`<th scope="col" class="pick">
              <${CheckAll} count=${count} all=${rows.length} onChange=${onChooseAll} />
            </th>`}
            ${columns.map((each) => html`<${Head} key=${each.key} column=${each} sort=${sort} onSort=${onSort} />`)}
          </tr>
        </thead>
        <tbody>
          ${rows.flatMap((row) => {
            const group = groupOf?.(row);
            const isNew = group && group.key !== last;
            last = group?.key ?? null;
            const own = html`<${Row} key=${row.id} row=${row} ...${properties} isChosen=${chosen.includes(row.id)} />`;
            if (!isNew) return [own];
            return [html`<${GroupRow} key=${`group-${group.key}`} group=${group} width=${columns.length + 1} />`, own];
          })}
        </tbody>
      </table>
    </div>
  `;
}

function CheckAll({ count, all, onChange }) {
  const box = useRef(null);
  useEffect(() => {
    box.current.indeterminate = count > 0 && count < all;
  }, [count, all]);
  return html`<input
    type="checkbox"
    ref=${box}
    aria-label=${t("list.chooseAll")}
    title=${t("list.chooseAll")}
    checked=${all > 0 && count === all}
    onChange=${(event) => onChange(event.target.checked)}
  />`;
}

function Head({ column, sort, onSort }) {
  const isSorted = sort.replace(/^-/, "") === column.key;
  const isFalling = sort.startsWith("-");
  return html`
    <th
      scope="col"
      class=${column.isNumber ? "number" : ""}
      aria-sort=${isSorted ? (isFalling ? "descending" : "ascending") : undefined}
    >
      ${column.isUnsorted
        ? html`<span class="unsorted">${column.title}</span>`
        : html`<button type="button" class="quiet sort" onClick=${() => onSort(column)}>
            ${column.title} <span aria-hidden="true">${isSorted ? (isFalling ? "▼" : "▲") : ""}</span>
          </button>`}
    </th>
  `;
}

function GroupRow({ group, width }) {
  return html`<tr class="group">
    <th scope="rowgroup" colspan=${width}>
      ${`${group.text} `}
      ${group.count !== undefined && html`<span class="hint">${t("list.group.count", { count: group.count })}</span>`}
    </th>
  </tr>`;
}

function Row({ row, columns, isChosen, onChoose, nameOf, dataTest }) {
  return html`
    <tr data-test=${`${dataTest}-${row.id}`} class=${isChosen ? "chosen" : ""}>
      ${onChoose &&
      html`<td class="pick">
        <input
          type="checkbox"
          aria-label=${t("list.choose", { name: nameOf(row), id: String(row.id) })}
          checked=${isChosen}
          onClick=${(event) => onChoose(row.id, event.shiftKey)}
        />
      </td>`}
      ${columns.map((column) =>
        column.isHead
          ? html`<th key=${column.key} scope="row">${column.cell(row)}</th>`
          : html`<td key=${column.key} class=${column.isNumber ? "number" : ""}>${column.cell(row)}</td>`,
      )}
    </tr>
  `;
}
