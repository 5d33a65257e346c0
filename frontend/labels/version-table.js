// The frozen versions of a dataset, newest first.

import { html } from "../lib/html.js";
import { dateTime, number, t } from "../lib/i18n.js";

/** @param {{versions: object[]}} properties as the API lists them */
export function VersionTable({ versions }) {
  if (versions.length === 0) return html`<p class="hint">${t("labels.noVersions")}</p>`;
  return html`
    <div class="table-scroll" tabindex="0" role="region" aria-label=${t("labels.versions.table")}>
      <table data-test="versions">
        <thead>
          <tr>
            <th scope="col" class="number">${t("labels.version")}</th>
            <th scope="col">${t("labels.version.called")}</th>
            <th scope="col">${t("labels.version.when")}</th>
            <th scope="col">${t("labels.version.who")}</th>
            <th scope="col" class="number">${t("labels.version.changed")}</th>
            <th scope="col" class="number">${t("labels.version.excluded")}</th>
          </tr>
        </thead>
        <tbody>
          ${versions.map(
            (each) => html`<tr key=${each.number}>
              <th scope="row" class="number">${each.number}</th>
              <td>${each.name ?? (each.number === 0 ? t("labels.version.file") : "–")}</td>
              <td>${dateTime(each.created_at)}</td>
              <td>${each.user ?? "–"}</td>
              <td class="number">${number(each.num_changed)}</td>
              <td class="number">${number(each.num_excluded)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;
}
