// The accepted rows of a dataset, one class or all, with the curve of the chosen one beside them.

import { withQuery } from "../lib/api.js";
import { CLASSES } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { goTo } from "../lib/router.js";
import { className, Failure } from "../ui/basics.js";
import { useLayer } from "../labels/layer.js";
import { OpenLabelForm, RowLabels, useLabelKeys } from "../labels/row-labels.js";
import { JumpForm } from "./jump-form.js";
import { RowDetail } from "./row-detail.js";
import { PAGE_ROWS, useRows } from "./row-place.js";
import { RowTable } from "./row-table.js";

export function RowBrowser({ dataset, workspace, page, query }) {
  const { mayEdit } = workspace;
  const layer = useLayer(dataset.id);
  const keys = useLabelKeys(layer, mayEdit);
  const rows = useRows(dataset, page, query, layer.changes);
  const { label, total, position, chosen } = rows;
  const whenKey = (event) => {
    steer(event, rows);
    keys.steer(event, chosen);
  };
  const labels = chosen && { row: chosen, dataset, layer, keys, mayEdit };
  return html`
    <div class="row-browser" onKeyDown=${whenKey}>
      <div class="row between row-choice">
        <${ClassFilter} dataset=${dataset} page=${page} label=${label} />
        ${total > 0 && html`<${JumpForm} total=${total} onJump=${rows.moveTo} onLine=${rows.moveToLine} />`}
      </div>
      <section class="card stack" aria-labelledby="rows-title">
        <h2 id="rows-title">${t("datasets.rows.table")}</h2>
        ${total === 0 ? html`<p class="hint">${t("datasets.rows.none")}</p>` : html`<${List} rows=${rows} />`}
      </section>
      ${total > 0 &&
      html`<section class="card stack" aria-labelledby="row-title">
        <div class="row between">
          <h2 id="row-title">${positionText(position, total)}</h2>
          <${Steps} rows=${rows} />
        </div>
        ${chosen &&
        html`<${RowDetail} dataset=${dataset} address=${page} row=${chosen} workspace=${workspace}>
          <${RowLabels} ...${labels} />
        <//>`}
      </section>`}
    </div>
    <${OpenLabelForm} layer=${layer} keys=${keys} />
  `;
}

function positionText(position, total) {
  if (position === null) return t("loading");
  return t("datasets.rows.position", { position: position + 1, all: total });
}

function List({ rows }) {
  const { error, missedLine } = rows;
  return html`
    ${missedLine !== null &&
    html`<p class="message">${t("datasets.rows.missedLine", { line: missedLine })}</p>`}
    ${error ? html`<${Failure} error=${error} onRetry=${rows.reload} />` : html`<${RowTable} rows=${rows} />`}
    <${Pager} rows=${rows} />
  `;
}

function ClassFilter({ dataset, page, label }) {
  const choices = [[null, t("all"), dataset.num_samples]];
  for (const name of CLASSES) choices.push([name, className(name), dataset.class_counts[name] ?? 0]);
  return html`
    <div class="segmented class-filter" role="group" aria-label=${t("datasets.rows.filter")}>
      ${choices.map(
        ([name, text, count]) => html`<button
          type="button"
          key=${text}
          disabled=${count === 0}
          aria-pressed=${name === label}
          onClick=${() => goTo(withQuery(page, { tab: "rows", label: name }))}
        >
          ${text} <span class="count">${t("datasets.rows.inClass", { number: count })}</span>
        </button>`,
      )}
    </div>
  `;
}

function Pager({ rows: { position, total, moveTo } }) {
  const pageNumber = Math.floor((position ?? 0) / PAGE_ROWS);
  const pages = Math.ceil(total / PAGE_ROWS);
  const turn = (to) => to >= 0 && to < pages && moveTo(to * PAGE_ROWS);
  return html`
    <div class="row between">
      <span class="hint">${t("datasets.rows.page", { page: pageNumber + 1, pages })}</span>
      <div class="actions" role="group" aria-label=${t("datasets.rows.pages")}>
        <button type="button" aria-disabled=${pageNumber === 0} onClick=${() => turn(pageNumber - 1)}>
          ${t("datasets.rows.previousPage")}
        </button>
        <button type="button" aria-disabled=${pageNumber + 1 >= pages} onClick=${() => turn(pageNumber + 1)}>
          ${t("datasets.rows.nextPage")}
        </button>
      </div>
    </div>
  `;
}

function Steps({ rows: { position, total, moveTo } }) {
  // aria-disabled only: a disabled button would lose the focus at the last row, and the arrow keys with it.
  const button = (by, text) => html`<button
    type="button"
    aria-disabled=${position === null || position + by < 0 || position + by >= total}
    onClick=${() => position !== null && moveTo(position + by)}
    >${text}</button
  >`;
  return html`
    <div
      class="actions"
      role="group"
      aria-label=${t("datasets.rows.steps")}
      aria-keyshortcuts="ArrowLeft ArrowRight"
    >
      ${button(-1, `← ${t("previous")}`)} ${button(1, `${t("next")} →`)}
    </div>
  `;
}

/** Arrow keys: up and down in the table, left and right wherever they have no other meaning. */
function steer(event, { position, total, moveTo }) {
  const { target, key } = event;
  if (position === null || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (target.closest("input, select, .plot, .table-scroll:not(.row-table)")) return;
  const isInTable = Boolean(target.closest(".row-table"));
  const steps = isInTable
    ? { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10, Home: -total, End: total }
    : { ArrowLeft: -1, ArrowRight: 1 };
  if (!(key in steps)) return;
  event.preventDefault();
  moveTo(position + steps[key]);
}
