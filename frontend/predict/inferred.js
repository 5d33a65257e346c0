// The network's estimate of period and depth, beside the given values: a check.

import { columnName, unitOf } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { percent, significant, t } from "../lib/i18n.js";

// The input that holds the period.
const WITH_PERIOD = "catalogue_input";

/**
 * Where the estimate of a period comes from, in sentences; a network whose inputs are not known may have been
 * told it.
 *
 * @param {{name: string}[] | undefined} inputs of the model's manifest
 */
export function periodText(inputs) {
  const count = inputs?.length ?? 0;
  const isTold = inputs?.some(({ name }) => name === WITH_PERIOD);
  const known = t(isTold ? "predict.inferred.told" : "predict.inferred.untold", { count });
  return [count > 0 ? known : "", t("predict.inferred.period")].filter(Boolean).join(" ");
}

/** @param {{prediction: object, candidate: object, inputs?: {name: string}[]}} properties inputs: as above */
export function Inferred({ prediction, candidate, inputs }) {
  const rows = [
    ["period", candidate.period, prediction.period],
    ["depth", candidate.depth, prediction.depth_ppm],
  ];
  return html`
    <table class="inferred">
      <caption class="hint">
        ${t("predict.inferred.lead")} ${periodText(inputs)}
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
