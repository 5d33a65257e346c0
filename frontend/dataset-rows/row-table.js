// A page of rows as a table with one selected.

import { CLASSES, COLUMNS, columnName, unitOf } from "../lib/columns.js";
import { html, useLayoutEffect, useMemo, useRef } from "../lib/html.js";
import { number, significant, t } from "../lib/i18n.js";
import { isChanged, labelName } from "../labels/label-words.js";
import { className } from "../ui/basics.js";

/** @param {{rows: object}} properties as `useRows` gives them */
export function RowTable({ rows: { rows, offset, chosen, isLoading, isStale, moveTo } }) {
  const region = useRef(null);
  useLayoutEffect(() => show(region.current), [chosen?.row]);
  const choose = (event) => {
    const position = event.target.closest("tbody tr")?.dataset.position;
    if (position === undefined || isStale) return;
    // Focus the region, not the button in the row: that disappears with its page, and the arrow keys with it.
    region.current.focus({ preventScroll: true });
    moveTo(Number(position));
  };
  return html`
    <div
      class="table-scroll row-table ${isStale ? "stale" : ""}"
      ref=${region}
      tabindex="0"
      role="region"
      aria-label=${t("datasets.rows.region")}
      aria-busy=${isLoading}
      aria-describedby="rows-keys"
      onClick=${choose}
    >
      <table>
        <${Head} />
        <tbody>
          ${rows.map(
            (row, n) => html`<${Row}
              key=${row.row}
              row=${row}
              position=${offset + n}
              isChosen=${row.row === chosen?.row}
            />`,
          )}
        </tbody>
      </table>
    </div>
    <p class="hint" id="rows-keys">${t("datasets.rows.keys")}</p>
  `;
}

function Head() {
  return html`
    <thead>
      <tr>
        <th scope="col" class="number">${t("datasets.line")}</th>
        <th scope="col">${t("parameter.label")}</th>
        <th scope="col">${t("parameter.star")}</th>
        ${COLUMNS.map(
          (name) => html`<th scope="col" class="number" key=${name}>
            ${columnName(name)}${unitOf(name) && html` <span class="unit">${unitOf(name)}</span>`}
          </th>`,
        )}
      </tr>
    </thead>
  `;
}

/** Rendered again only when its selection changes: otherwise a held key would format 500 numbers a step. */
function Row({ row, position, isChosen }) {
  return useMemo(
    () => html`
      <tr aria-current=${isChosen ? "true" : undefined} data-position=${position}>
        <th scope="row" class="number">
          <button
            type="button"
            class="quiet"
            tabindex="-1"
            aria-label=${t("datasets.rows.choose", { line: row.line })}
          >
            ${number(row.line)}
          </button>
        </th>
        <td><${ClassMark} label=${row.label_name} /><${Said} row=${row} /></td>
        <td>${row.star ?? "–"}</td>
        ${COLUMNS.map((name) => html`<td class="number" key=${name}>${significant(row[name], 5)}</td>`)}
      </tr>
    `,
    [row, position, isChosen],
  );
}

/** The label that counts where it is not the file's, and how many people say something of the row. */
function Said({ row }) {
  if (!row.votes) return null;
  return html`
    ${isChanged(row) &&
    html`${" "}<span class="badge warning"
        ><span aria-hidden="true">→</span> <span class="visually-hidden">${t("labels.counts")}</span>
        ${labelName(row.effective_label)}</span
      >`}${" "}<span class="hint" data-test="votes">${t("labels.votes", { count: row.votes })}</span>
  `;
}

/** A class as its colour and its name. */
export function ClassMark({ label }) {
  const n = CLASSES.indexOf(label);
  return html`<span class="class-mark">
    ${n >= 0 && html`<span class="swatch class-${n}" aria-hidden="true"></span>`} ${className(label)}
  </span>`;
}

/** Scrolls the table, and not the page, until the chosen row is seen below the head. */
function show(region) {
  const row = region.querySelector("tr[aria-current]");
  if (!row) return;
  const head = region.querySelector("thead").offsetHeight;
  const top = row.offsetTop - head;
  const bottom = row.offsetTop + row.offsetHeight - region.clientHeight;
  if (region.scrollTop > top) region.scrollTop = top;
  else if (region.scrollTop < bottom) region.scrollTop = bottom;
}
