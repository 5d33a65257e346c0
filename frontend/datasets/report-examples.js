// Rows named in the report: by their line in the file, each linked to the row and its light curve.

import { columnName } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { number, t } from "../lib/i18n.js";
import { className } from "../ui/basics.js";
import { checkName, expectedBy } from "../reading/report-warnings.js";

/** Rows of one star whose labels differ. */
export function ContradictoryRows({ name, found, total, page }) {
  return html`
    <div class="table-scroll" tabindex="0" role="region" aria-label=${t(`datasets.report.${name}`)}>
      <table>
        <thead>
          <tr>
            <th scope="col">${t("parameter.star")}</th>
            <th scope="col">${t("datasets.report.linesAndLabels")}</th>
          </tr>
        </thead>
        <tbody>
          ${found.map(
            ({ star, lines, labels }) => html`<tr key=${lines[0]}>
              <td>${star ?? "–"}</td>
              <td>
                <ul class="plain">
                  ${lines.map(
                    (line, n) => html`<li key=${line}>
                      <${Line} line=${line} page=${page} /> ${className(labels[n])}
                    </li>`,
                  )}
                </ul>
              </td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <${OnlySome} shown=${found.length} total=${total} />
  `;
}

/** Groups of rows that are equal. */
export function EqualRows({ examples, page }) {
  return html`
    <p class="hint">${t("datasets.report.groups", { count: examples.length })}</p>
    <ul class="plain report-lines">
      ${examples.map((lines) => html`<li key=${lines[0]}><${Lines} lines=${lines} page=${page} /></li>`)}
    </ul>
  `;
}

/** Checks that some rows fail. */
export function UnphysicalRows({ checks, page }) {
  return checks.map((each) => html`<${FailedCheck} key=${each.check} failed=${each} page=${page} />`);
}

function FailedCheck({ failed, page }) {
  const { check, columns, lines, rows } = failed;
  return html`
    <div>
      <h3>
        ${checkName(check)} <span class="badge warning">${t("datasets.samples", { count: rows })}</span>
      </h3>
      <p>${t("datasets.report.expected", { expected: expectedBy(failed) })}</p>
      <p class="hint">${t("datasets.report.looksAt", { columns: columns.map(columnName).join(", ") })}</p>
      <p><${Lines} lines=${lines} page=${page} /></p>
      <${OnlySome} shown=${lines.length} total=${rows} />
    </div>
  `;
}

function Lines({ lines, page }) {
  return lines.map((line, n) => html`${n > 0 && ", "}<${Line} key=${line} line=${line} page=${page} />`);
}

function Line({ line, page }) {
  const address = `#${page}?tab=rows&line=${line}`;
  return html`<a href=${address} aria-label=${t("datasets.report.openLine", { line })}>${number(line)}</a>`;
}

function OnlySome({ shown, total }) {
  return total > shown && html`<p class="hint">${t("datasets.report.onlySome", { shown, all: total })}</p>`;
}
