// What an uploaded file must contain.

import { columnName, FEATURES, REQUIRED, unitOf } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";

export function CatalogueHelp() {
  return html`
    <details class="disclosure">
      <summary>${t("datasets.help.title")}</summary>
      <div class="stack">
        <p>${t("datasets.help.archive")}</p>
        <p>${t("datasets.help.own")}</p>
        <dl class="parameters catalogue-columns">
          <${Columns} term=${t("datasets.help.required")} columns=${[...REQUIRED, "label"]} />
          <${Columns} term=${t("datasets.help.optional")} columns=${[...FEATURES, "star"]} />
        </dl>
        <p>${t("datasets.help.label")}</p>
      </div>
    </details>
  `;
}

function Columns({ term, columns }) {
  return html`
    <div>
      <dt>${term}</dt>
      ${columns.map((column) => {
        const unit = unitOf(column);
        return html`<dd key=${column}>
          <code>${column}</code> ${columnName(column)}${unit && html` <span class="unit">(${unit})</span>`}
        </dd>`;
      })}
    </div>
  `;
}
