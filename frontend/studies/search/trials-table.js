// The trials of a search as a table that can be sorted.

import { html, useState } from "../../lib/html.js";
import { fixed, t } from "../../lib/i18n.js";
import { sessionHref } from "../../training/session/session-head.js";
import { settingName } from "../../training/form/setting-field.js";
import { StatusBadge } from "../../ui/basics.js";
import { sorted } from "./trial-places.js";
import { valueText } from "./trial-words.js";

/** @param {{workspace: object, study: object}} properties */
export function TrialsTable({ workspace, study }) {
  const { space, tried, best } = study.search;
  const [order, setOrder] = useState({ column: "number", isDown: false });
  const names = Object.keys(space);
  const sort = (column) =>
    setOrder((last) => ({ column, isDown: last.column === column ? !last.isDown : false }));
  const head = { order, onSort: sort };
  return html`
    <section class="card stack" data-test="search-trials">
      <h2>${t("search.trials")}</h2>
      <div class="table-scroll" tabindex="0" role="region" aria-label=${t("search.trials")}>
        <table>
          <thead>
            <tr>
              <${Head} column="number" text=${t("search.number")} ...${head} />
              ${names.map((name) => html`<${Head} key=${name} column=${name} text=${settingName(name)} ...${head} />`)}
              <${Head} column="value" text=${t("search.value")} ...${head} />
              <${Head} column="best_epoch" text=${t("search.bestEpoch")} ...${head} />
              <${Head} column="status" text=${t("studies.status")} ...${head} />
            </tr>
          </thead>
          <tbody>
            ${sorted(tried, order).map(
              (trial) => html`<${Row} key=${trial.number} ...${{ workspace, trial, names, best }} />`,
            )}
          </tbody>
        </table>
      </div>
    </section>
  `;
}

function Head({ column, text, order, onSort }) {
  const isSorted = order.column === column;
  const direction = order.isDown ? "descending" : "ascending";
  const kind = column === "status" ? "" : "number";
  return html`<th scope="col" class=${kind} aria-sort=${isSorted ? direction : undefined}>
    <button type="button" class="quiet" onClick=${() => onSort(column)}>
      ${text} ${isSorted && html`<span aria-hidden="true">${order.isDown ? "▼" : "▲"}</span>`}
    </button>
  </th>`;
}

function Row({ workspace, trial, names, best }) {
  const { number, session_id, settings, value, best_epoch, status, reason } = trial;
  const isBest = best?.number === number;
  return html`
    <tr data-test=${`trial-${number}`}>
      <th scope="row" class="number">
        <a href=${sessionHref(workspace, session_id)}>${t("search.trial", { number: String(number) })}</a>
        ${isBest && html`<p class="hint">${t("search.best.short")}</p>`}
      </th>
      ${names.map((name) => html`<td key=${name} class="number">${valueText(name, settings[name])}</td>`)}
      <td class="number">${fixed(value, 4)}</td>
      <td class="number">${best_epoch === null ? "–" : String(best_epoch)}</td>
      <td>
        <${StatusBadge} status=${status} />
        ${reason && html`<p class="hint">${reason}</p>`}
      </td>
    </tr>
  `;
}
