// What is to be said of the files of an import, file by file, as a table and as CSV.

import { saveBlob } from "../lib/api.js";
import { toCsv } from "../lib/csv.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Pager } from "../ui/pager.js";

const PAGE = 50;

// The server keeps no more of each kind.
const MOST = 1_000;

/**
 * @param {object} properties
 * @param {"refusals" | "notes"} properties.kind
 * @param {{file: string, message: string}[]} properties.list the first of them
 * @param {number} properties.total how many there are
 * @param {string} properties.fileName of the CSV
 */
export function Remarks({ kind, list, total, fileName }) {
  const [page, setPage] = useState(0);
  if (list.length === 0) return null;
  const title = t(`curves.remarks.${kind}.title`, { count: total });
  const save = () => saveBlob(toCsv(["file", "message"], list.map((each) => [each.file, each.message])), fileName);
  // Of an import that goes on or begins anew there may be fewer pages.
  const shown = Math.min(page, Math.ceil(list.length / PAGE) - 1);
  return html`
    <details class="disclosure" open=${kind === "refusals"} data-test=${`curve-${kind}`}>
      <summary>${title}</summary>
      <div class="stack tight">
        ${(total > list.length || list.length === MOST) &&
        html`<p class="hint">${t("curves.remarks.first", { count: list.length })}</p>`}
        <div class="table-scroll" tabindex="0" role="region" aria-label=${title}>
          <table>
            <thead>
              <tr>
                <th scope="col">${t("curves.remarks.file")}</th>
                <th scope="col">${t(`curves.remarks.${kind}.message`)}</th>
              </tr>
            </thead>
            <tbody>
              ${list.slice(shown * PAGE, (shown + 1) * PAGE).map(
                ({ file, message }, n) => html`<tr key=${n}>
                  <th scope="row" class="file-name">${file}</th>
                  <td lang="en">${message}</td>
                </tr>`,
              )}
            </tbody>
          </table>
        </div>
        <${Pager} page=${shown} size=${PAGE} total=${list.length} onPage=${setPage} label=${title} />
        <div class="actions"><button type="button" onClick=${save}>${t("curves.remarks.csv")}</button></div>
      </div>
    </details>
  `;
}
