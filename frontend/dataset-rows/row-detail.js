// One row of a dataset: its catalogue values, and the light curve that the network sees.

import { get } from "../lib/api.js";
import { COLUMNS, columnName, EVIDENCE, unitOf } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { julianDate, number, significant, t } from "../lib/i18n.js";
import { useLatest } from "../lib/latest.js";
import { className, Failure } from "../ui/basics.js";
import { TransitCurve } from "../ui/curve.js";
import { MeasuredCurve } from "./measured-curve.js";
import { RowRelations } from "./row-relations.js";
import { ClassMark } from "./row-table.js";

/**
 * @param {object} properties
 * @param {{id: number}} properties.dataset
 * @param {string} properties.address of the dataset's page
 * @param {object} properties.row as the API lists it
 * @param {object} [properties.workspace] that of the dataset: its curve sets are offered
 * @param {any} [properties.children] what stands below its name, such as what people say of its label
 */
export function RowDetail({ dataset, address, row, workspace, children }) {
  const path = `/api/training/dataset/${dataset.id}/curve`;
  const { data: curve, error, isLoading, reload } = useLatest((index) => get(path, { row: index }), row.row);
  const title = { line: row.line, star: row.star ?? t("unknown"), label: className(row.label_name) };
  return html`
    <p class="visually-hidden" role="status">${t("datasets.rows.chosen", title)}</p>
    <p class="row" data-test="row-head">
      <strong><${ClassMark} label=${row.label_name} /></strong>
      <span>${t("parameter.star")} ${row.star ?? "–"}</span>
      ${row.name && html`<span>${t("parameter.name")} ${row.name}</span>`}
      <span>${t("datasets.rows.line")} ${number(row.line)}</span>
    </p>
    ${error && html`<${Failure} error=${error} onRetry=${reload} />`}
    ${!error && !curve && html`<p class="loading">${t("loading")}</p>`}
    ${!error &&
    curve &&
    html`<div
      class=${isLoading ? "stale" : ""}
      aria-busy=${isLoading}
      data-test="row-curve"
      data-line=${curve.line}
    >
      <${TransitCurve}
        curve=${curve}
        name=${`dataset-${dataset.id}-line-${curve.line}`}
        title=${t("datasets.rows.curve", { line: curve.line })}
      />
    </div>`}
    ${workspace && html`<${MeasuredCurve} ...${{ workspace, dataset, row, synthetic: curve }} />`}
    ${children}
    <${RowRelations} dataset=${dataset} address=${address} row=${row.row} />
    <div>
      <h3>${t("datasets.rows.catalogue")}</h3>
      <dl class="parameters" data-test="row-parameters">
        ${COLUMNS.map((name) => html`<${Value} key=${name} name=${name} value=${row[name]} />`)}
      </dl>
    </div>
    ${row.evidence &&
    html`<div>
      <h3>${t("datasets.rows.evidence")}</h3>
      <dl class="parameters" data-test="row-evidence">
        ${EVIDENCE.map((name) => html`<${Value} key=${name} name=${name} value=${row.evidence[name]} />`)}
      </dl>
    </div>`}
  `;
}

/** A place with all of its digits, an uncertainty with few. */
function written(name, value) {
  if (name === "epoch") return julianDate(value);
  if (name === "ra" || name === "dec") return significant(value, 9);
  return significant(value, name.endsWith("_err") ? 3 : 6);
}

function Value({ name, value }) {
  return html`
    <div>
      <dt>${columnName(name)}</dt>
      <dd>
        ${value === null
          ? t("unknown")
          : html`${written(name, value)} <span class="unit">${unitOf(name)}</span>`}
      </dd>
    </div>
  `;
}
