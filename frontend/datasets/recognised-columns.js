// Which file column became which of our columns, and which were absent or ignored.

import { COLUMNS, columnName, EVIDENCE, TEACHING, unitOf } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { significant, t } from "../lib/i18n.js";

/** @param {{dataset: object}} properties with its profile */
export function RecognisedColumns({ dataset: { profile, read_as: said } }) {
  const { recognised, absent, unread, factors = {}, evidence } = profile;
  const byName = Object.entries(factors).filter(([name]) => !said?.units?.[name]);
  const names = [...COLUMNS, "label", "star"];
  const besides = ["name", ...EVIDENCE, ...TEACHING].filter((name) => evidence?.[name]);
  if (!Object.keys(recognised).length) return html`<p class="hint">${t("datasets.columns.notRecorded")}</p>`;
  return html`
    <div class="table-scroll whole" tabindex="0" role="region" aria-label=${t("datasets.columns.title")}>
      <table>
        <thead>
          <tr>
            <th scope="col">${t("datasets.columns.ours")}</th>
            <th scope="col">${t("datasets.columns.theirs")}</th>
            <th scope="col">${t("datasets.columns.unit")}</th>
          </tr>
        </thead>
        <tbody>
          ${names.map(
            (name) => html`<tr key=${name}>
              <th scope="row">${columnName(name)}</th>
              <td><${Origin} header=${recognised[name]} isEmpty=${absent.includes(name)} /></td>
              <td class="unit">${unitOf(name)}</td>
            </tr>`,
          )}
          ${besides.map(
            (name) => html`<tr key=${name}>
              <th scope="row">${columnName(name)}</th>
              <td>${evidence[name].map((header, i) => html`${i > 0 && ", "}<code>${header}</code>`)}</td>
              <td class="unit">${unitOf(name)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${besides.length > 0 && html`<p class="hint">${t("datasets.columns.evidence")}</p>`}
    ${byName.map(([name, factor]) => {
      const values = { column: columnName(name), factor: significant(factor, 6) };
      return html`<p key=${name} class="hint">${t("datasets.columns.converted", values)}</p>`;
    })}
    ${unread > 0 && html`<p class="hint">${t("datasets.columns.unread", { count: unread })}</p>`}
  `;
}

function Origin({ header, isEmpty }) {
  if (header === undefined) return html`<span class="unit">${t("datasets.columns.absent")}</span>`;
  return html`
    <code>${header}</code> ${isEmpty && html`<span class="unit">${t("datasets.columns.empty")}</span>`}
  `;
}
