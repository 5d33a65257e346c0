// A candidate that could not be predicted: why, and its values.

import { COLUMNS, columnName, unitOf } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { significant, t } from "../lib/i18n.js";

/** @param {{error: string, candidate: any}} properties */
export function NoPrediction({ error, candidate }) {
  return html`
    <div class="message error">
      <p><strong>${t("predict.noPrediction")}</strong></p>
      <p lang="en">${error}</p>
    </div>
    <dl class="parameters">
      ${COLUMNS.map(
        (column) =>
          html`<div key=${column}>
            <dt>${columnName(column)} <span class="unit">${unitOf(column)}</span></dt>
            <dd>${shown(candidate?.[column])}</dd>
          </div>`,
      )}
    </dl>
  `;
}

function shown(value) {
  if (value === null || value === undefined || value === "") return "–";
  return typeof value === "number" ? significant(value, 6) : String(value);
}
