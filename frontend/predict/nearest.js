// The training rows that lie nearest to a candidate, and whether there are few around it.

import { withQuery } from "../lib/api.js";
import { unitOf } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { fixed, significant, t } from "../lib/i18n.js";
import { ClassMark } from "../dataset-rows/row-table.js";

// Nothing is "1.00 times" as far.
const FACTOR_DIGITS = 3;

/**
 * @param {object} properties
 * @param {object} properties.diagnostics as the API gives them
 * @param {string | null} properties.trainedOn the address of the model's dataset, if it is still there
 * @param {any} properties.children shown beside the value where the candidate is to be looked at closely
 */
export function Nearest({ diagnostics, trainedOn, children }) {
  const { nearest, is_sparse: isSparse, sparsity } = diagnostics;
  return html`
    <div class=${isSparse ? "noticed" : ""} data-test="nearest">
      <dt>${t("predict.diagnostic.nearest")}</dt>
      <dd class="value names">${t(`predict.nearest.${wordOf(isSparse)}`)} ${isSparse && children}</dd>
      <dd class="reading">
        ${t(`predict.reading.nearest.${nearest ? wordOf(isSparse) : "none"}`, {
          factor: significant(sparsity, FACTOR_DIGITS),
        })}
        ${nearest &&
        html`<ul>
          ${nearest.map((each) => html`<li key=${each.row}><${Row} row=${each} trainedOn=${trainedOn} /></li>`)}
        </ul>`}
      </dd>
    </div>
  `;
}

/** "sparse", "dense", or "unknown": of a model of an earlier release, or of very few rows. */
function wordOf(isSparse) {
  if (isSparse === null || isSparse === undefined) return "unknown";
  return isSparse ? "sparse" : "dense";
}

function Row({ row, trainedOn }) {
  const name = row.star || t("predict.nearest.line", { line: String(row.line) });
  const href = trainedOn && `#${withQuery(trainedOn, { tab: "rows", row: String(row.row) })}`;
  const values = { period: significant(row.period, 4), depth: significant(row.depth, 3) };
  const units = { periodUnit: unitOf("period"), depthUnit: unitOf("depth") };
  return html`
    ${href ? html`<a href=${href}>${name}</a>` : name} <${ClassMark} label=${row.label} />${" "}
    ${t("predict.nearest.values", { ...values, ...units, distance: fixed(row.distance, 2) })}
  `;
}
