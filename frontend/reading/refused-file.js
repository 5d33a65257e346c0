// Why the server could not use a file: missing columns, unreadable rows, or another problem.

import { columnName } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { number, t } from "../lib/i18n.js";
import { explain } from "../lib/notices.js";
import { adviceIn, firstSentence } from "./server-sentences.js";

/**
 * @param {object} properties
 * @param {Error} properties.error that of the upload; its problem names columns and rows
 * @param {boolean} [properties.isShort] the file's columns stand below, in the form that maps them
 */
export function RefusedFile({ error, isShort }) {
  const { found = [], missing = [], recognised = [], errors = [] } = error.problem ?? {};
  const rows = errors.filter((each) => each.row != null);
  const isForColumns = missing.length > 0 && found.length > 0;
  return html`
    <div class="message error stack" role="alert" data-test="refused">
      ${isForColumns
        ? html`<${MissingColumns}
            problem=${{ found, missing, recognised }}
            message=${error.message}
            isShort=${isShort}
          />`
        : html`<p><strong>${t("datasets.refused.title")}</strong></p>
            <p lang=${error.problem ? "en" : undefined}>
              ${rows.length ? firstSentence(error.message) : explain(error)}
            </p>
            ${rows.length > 0 && html`<${Rows} rows=${rows} />`}
            ${found.length > 0 && !isShort && html`<${Names} title=${t("datasets.refused.found")} names=${found} />`}`}
    </div>
  `;
}

function MissingColumns({ problem: { found, missing, recognised }, message, isShort }) {
  const hint = hintOf(found);
  const advice = adviceIn(message);
  return html`
    <p>
      <strong>${t("datasets.refused.missing", { count: missing.length })}</strong> ${" "}
      ${missing.map(columnName).join(", ")}
    </p>
    ${hint && html`<p>${hint}</p>`}
    ${advice && html`<p lang="en">${advice}</p>`}
    ${!isShort &&
    html`
      <${Names} title=${t("datasets.refused.recognised")} names=${recognised} />
      <${Names} title=${t("datasets.refused.found")} names=${found} />
    `}
  `;
}

function Names({ title, names }) {
  return html`
    <div>
      <p class="hint">${title}</p>
      <ul class="chips">
        ${names.map((name) => html`<li><code>${name || t("datasets.refused.noName")}</code></li>`)}
      </ul>
    </div>
  `;
}

function Rows({ rows }) {
  return html`
    <div class="table-scroll" tabindex="0" role="region" aria-label=${t("datasets.refused.rows")}>
      <table>
        <thead>
          <tr>
            <th scope="col" class="number">${t("datasets.line")}</th>
            <th scope="col">${t("datasets.message")}</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ row, message }) => html`<tr>
              <td class="number">${number(row)}</td>
              <td lang="en">${message}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;
}

/** The likely mistakes behind an unrecognised header. */
function hintOf(found) {
  if (found.length === 1) return t("datasets.refused.oneColumn");
  if (found.every((name) => Number.isFinite(Number(name || "0")))) return t("datasets.refused.noHeader");
  return null;
}
