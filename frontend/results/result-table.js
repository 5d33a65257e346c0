// A page of results as a table: sortable, with rows that open and can be selected.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";

/**
 * @param {object} properties
 * @param {object[]} properties.results of this page
 * @param {import("./result-columns.js").Column[]} properties.columns after the name
 * @param {{key: string, isDescending: boolean}} properties.sort
 * @param {(key: string) => void} properties.onSort
 * @param {(key: string) => boolean} [properties.isSortable] whether a column can be sorted by; all
 * @param {(result: object) => void} properties.onOpen
 * @param {Set<number> | Map<number, object> | null} properties.selected places; null: rows cannot be selected
 * @param {(result: object) => void} properties.onSelect
 */
export function ResultTable(properties) {
  const { results, columns, sort, onSort, isSortable = () => true, onOpen, selected, onSelect } = properties;
  return html`
    <div
      class="table-scroll result-table"
      tabindex="0"
      role="region"
      aria-label=${t("predict.table")}
      data-test="results"
    >
      <table>
        <thead>
          <tr>
            ${selected && html`<th scope="col" class="plain">${t("predict.column.select")}</th>`}
            <${Head}
              column=${{ key: "name", title: t("predict.column.name"), isName: true }}
              sort=${sort}
              onSort=${isSortable("name") ? onSort : null}
            />
            ${columns.map(
              (column) =>
                html`<${Head}
                  key=${column.key}
                  column=${column}
                  sort=${sort}
                  onSort=${isSortable(column.key) ? onSort : null}
                />`,
            )}
          </tr>
        </thead>
        <tbody>
          ${results.map(
            (result) =>
              html`<${Row}
                key=${result.place}
                result=${result}
                columns=${columns}
                isSelected=${selected?.has(result.place) ?? null}
                onOpen=${onOpen}
                onSelect=${onSelect}
              />`,
          )}
        </tbody>
      </table>
    </div>
  `;
}

function Head({ column, sort, onSort }) {
  const isSorted = sort.key === column.key;
  const direction = sort.isDescending ? "descending" : "ascending";
  const unit = column.unit && html`<br /><span class="unit">${column.unit}</span>`;
  const title = html`<span>${column.title}${unit}</span>`;
  return html`
    <th
      scope="col"
      class=${`${column.isName ? "name" : column.isNumber ? "number" : ""} ${onSort === null ? "plain" : ""}`}
      aria-sort=${isSorted ? direction : undefined}
    >
      ${onSort === null
        ? title
        : html`<button type="button" class="quiet sort" onClick=${() => onSort(column.key)}>
            ${title}
            <span aria-hidden="true">${isSorted ? (sort.isDescending ? "▼" : "▲") : ""}</span>
          </button>`}
    </th>
  `;
}

function Row({ result, columns, isSelected, onOpen, onSelect }) {
  const name = nameOf(result);
  const open = (event) => {
    // A click on a control or at the end of a text selection does not open the row.
    if (event.target.closest("button, input, label") || !getSelection().isCollapsed) return;
    onOpen(result);
  };
  return html`
    <tr class=${result.error === null ? "" : "failed"} onClick=${open}>
      ${isSelected !== null &&
      html`<td>
        <input
          type="checkbox"
          checked=${isSelected}
          aria-label=${t("predict.select", { name })}
          onChange=${() => onSelect(result)}
        />
      </td>`}
      <th scope="row"><button type="button" class="link" onClick=${() => onOpen(result)}>${name}</button></th>
      ${columns.map(
        (column) =>
          html`<td key=${column.key} class=${column.isNumber ? "number" : ""}>${column.cell(result)}</td>`,
      )}
    </tr>
  `;
}

/** What a result is called in the table: its name, or its place. */
export function nameOf({ name, place }) {
  return name || t("predict.row", { place: place + 1 });
}
