// What light curves are worth: test rows with one, the same rows with it hidden, and rows without.

import { html } from "../lib/html.js";
import { fixed, number, percent, t } from "../lib/i18n.js";
import { CurveSetLink } from "../ui/curve-set-link.js";
import { Explained } from "../ui/basics.js";
import { IntervalText } from "./interval.js";
import { cautions, worth } from "./light-curve-words.js";

const PARTS = ["with_curve", "curve_hidden", "without_curve"];

const SETTLED = [
  ["roc_auc", (value) => fixed(value, 3)],
  ["average_precision", (value) => fixed(value, 3)],
  ["recall_at_precision", (value) => percent(value)],
];

/** @param {{workspace: object, curves: object}} properties `light_curves` of an evaluation */
export function LightCurvesWorth({ workspace, curves }) {
  const title = t("evaluation.curves");
  return html`
    <section class="card stack" data-test="light-curves">
      <div>
        <h2 id="light-curves">${title} <${Explained} term="light_curves" /></h2>
        ${curves.curve_set_id !== null &&
        html`<p class="hint">
          ${t("evaluation.curves.set")}${" "}
          <${CurveSetLink} workspace=${workspace} id=${curves.curve_set_id} sha256=${curves.sha256} />
        </p>`}
      </div>
      <p data-test="curves-worth">${worth(curves)}</p>
      ${cautions(curves).map(
        (text) => html`<p key=${text} class="message warning" data-test="curves-caution">${text}</p>`,
      )}
      <div class="table-scroll whole" tabindex="0" role="region" aria-label=${title}>
        <table>
          <thead>
            <tr>
              <th scope="col">${t("evaluation.curves.part")}</th>
              <th scope="col" class="number">${t("evaluation.column.support")}</th>
              <th scope="col" class="number">${t("evaluation.figure.accuracy")}</th>
              ${SETTLED.map(
                ([name]) => html`<th key=${name} scope="col" class="number">
                  <${Explained} term=${name}>${t(`evaluation.curves.${name}`)}<//>
                </th>`,
              )}
            </tr>
          </thead>
          <tbody>
            ${PARTS.map((name) => html`<${Part} key=${name} name=${name} part=${curves[name]} />`)}
          </tbody>
        </table>
      </div>
      <p class="hint">${t("evaluation.curves.hint")}</p>
    </section>
  `;
}

function Part({ name, part }) {
  const { settled } = part;
  return html`<tr data-test=${`curves-${name}`}>
    <th scope="row">${t(`evaluation.curves.${name}`)}</th>
    <td class="number">
      ${number(part.rows)}
      <span class="interval">${t("evaluation.curves.stars", { count: part.stars })}</span>
    </td>
    <td class="number">${percent(part.accuracy)}</td>
    ${SETTLED.map(([figure, write]) => {
      const value = settled?.[figure] ?? null;
      return html`<td key=${figure} class="number">
        ${write(value)}
        ${value !== null && html`<${IntervalText} interval=${settled.intervals?.[figure]} write=${write} />`}
      </td>`;
    })}
  </tr>`;
}
