// The effect of missing values: the same test stars with some values hidden.

import { html } from "../lib/html.js";
import { number, t } from "../lib/i18n.js";
import { BRIEF } from "../lib/figures.js";
import { Explained } from "../ui/basics.js";

/** @param {{rows: object[] | null}} properties `missing_features` of an evaluation, nothing hidden first */
export function MissingFeatures({ rows }) {
  const title = t("evaluation.missing");
  const whole = rows?.find((each) => each.missing.length === 0);
  return html`
    <section class="card">
      <h2 id="missing">${title} <${Explained} term="missing_features" /></h2>
      <p class="hint">${t(rows?.length ? "evaluation.missingHint" : "evaluation.older")}</p>
      ${rows?.length > 0 &&
      html`<div class="table-scroll whole" tabindex="0" role="region" aria-label=${title}>
        <table>
          <thead>
            <tr>
              <th scope="col">${t("evaluation.hidden")}</th>
              ${BRIEF.map(
                ({ name }) => html`<th scope="col" class="number">${t(`evaluation.figure.${name}`)}</th>`,
              )}
            </tr>
          </thead>
          <tbody>
            ${rows.map(
              (each) => html`<tr key=${each.missing.join()}>
                <th scope="row">${namesOf(each.missing)}</th>
                ${BRIEF.map((figure) => html`<${Cell} ...${{ figure, row: each, whole }} />`)}
              </tr>`,
            )}
          </tbody>
        </table>
      </div>`}
    </section>
  `;
}

/** A metric, and its change from the value with nothing hidden. */
function Cell({ figure, row, whole }) {
  const value = figure.of(row);
  const isChanged = whole && row !== whole && value !== null && figure.of(whole) !== null;
  return html`<td class="number">
    ${figure.write(value)}
    ${isChanged && html`<span class="interval">${signed(figure, value - figure.of(whole))}</span>`}
  </td>`;
}

function signed(figure, difference) {
  const size = Math.abs(difference);
  const isShare = figure.name === "accuracy";
  const points = Math.round(size * 1000) / 10;
  const written = isShare ? t("evaluation.points", { points: number(points, 1), count: points }) : figure.write(size);
  const sign = figure.write(size) === figure.write(0) ? "±" : difference > 0 ? "+" : "−";
  return `${sign}${written}`;
}

function namesOf(missing) {
  return missing.length ? missing.map((name) => t(`parameter.${name}`)).join(", ") : t("evaluation.nothing");
}
