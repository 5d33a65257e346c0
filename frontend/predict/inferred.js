// The network's estimate of period and depth, beside the given values.

import { columnName, unitOf } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { percent, significant, t } from "../lib/i18n.js";

/** @param {{prediction: object, candidate: object}} properties */
export function Inferred({ prediction, candidate }) {
  const rows = [
    ["period", candidate.period, prediction.period],
    ["depth", candidate.depth, prediction.depth_ppm],
  ];
  return html`
    <table class="inferred">
      <caption class="hint">
        ${t("predict.inferred.lead")}
      </caption>
      <thead>
        <tr>
          <td></td>
          <th scope="col" class="number">${t("predict.inferred.given")}</th>
          <th scope="col" class="number">${t("predict.inferred.inferred")}</th>
          <th scope="col" class="number">${t("predict.inferred.difference")}</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([column, given, inferred]) =>
            html`<tr key=${column}>
              <th scope="row">${columnName(column)} <span class="unit">${unitOf(column)}</span></th>
              <td class="number">${significant(given, 5)}</td>
              <td class="number">${significant(inferred, 4)}</td>
              <td class="number">${difference(given, inferred)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  `;
}

function difference(given, inferred) {
  if (given === null || inferred === null || inferred === undefined) return "–";
  const share = Math.round((inferred / given - 1) * 100) / 100;
  const sign = share === 0 ? "" : share < 0 ? "−" : "+";
  return `${sign}${percent(Math.abs(share), 0)}`;
}
