// For each column with gaps, the share of each class's rows without a value.

import { CLASSES, columnName } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { percent, t } from "../lib/i18n.js";
import { className } from "../ui/basics.js";

/** @param {{missing: Object<string, {shares: object, differs: boolean}>}} properties by column */
export function MissingByClass({ missing }) {
  const columns = Object.entries(missing);
  if (!columns.length) return html`<p>${t("datasets.report.missing.no")}</p>`;
  return html`
    <div class="table-scroll" tabindex="0" role="region" aria-label=${t("datasets.report.missing")}>
      <table>
        <thead>
          <tr>
            <th scope="col">${t("datasets.column")}</th>
            ${CLASSES.map((name) => html`<th scope="col" class="number" key=${name}>${className(name)}</th>`)}
            <th scope="col">${t("datasets.report.missing.reveals")}</th>
          </tr>
        </thead>
        <tbody>
          ${columns.map(
            ([name, { shares, differs }]) => html`<tr key=${name}>
              <th scope="row">${columnName(name)}</th>
              ${CLASSES.map(
                (label) => html`<td class="number" key=${label}>${shareText(shares[label])}</td>`,
              )}
              <td>${differs ? html`<span class="badge warning">${t("yes")}</span>` : t("no")}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;
}

/** A few rows out of thousands must not round to zero. */
function shareText(share) {
  return percent(share, share > 0 && share < 0.001 ? 2 : 1);
}
