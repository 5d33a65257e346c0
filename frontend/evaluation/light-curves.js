// What light curves are worth: test rows with one, the same rows with it hidden, their difference, and rows without.

import { html } from "../lib/html.js";
import { fixed, number, percent, t } from "../lib/i18n.js";
import { CurveSetLink } from "../ui/curve-set-link.js";
import { Explained } from "../ui/basics.js";
import { Difference, Verdict } from "../ui/difference.js";
import { IntervalText } from "./interval.js";
import { cautions, worth } from "./light-curve-words.js";

const three = (value) => fixed(value, 3);
const share = (value) => percent(value);

/** Each column of the table: how it is written, and where its paired difference is. */
const ACCURACY = { name: "accuracy", write: share, of: ({ accuracy }) => accuracy };
const SETTLED = [
  { name: "roc_auc", write: three, of: ({ settled }) => settled?.roc_auc },
  { name: "average_precision", write: three, of: ({ settled }) => settled?.average_precision },
  { name: "recall_at_precision", write: share, of: ({ recall_at_precision: recall }) => recall },
];

/** @param {{workspace: object, curves: object}} properties `light_curves` of an evaluation; older ones lack fields */
export function LightCurvesWorth({ workspace, curves }) {
  const { difference } = curves;
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
                ({ name }) => html`<th key=${name} scope="col" class="number">
                  <${Explained} term=${name}>${t(`evaluation.curves.${name}`)}<//>
                </th>`,
              )}
            </tr>
          </thead>
          <tbody>
            <${Part} name="with_curve" part=${curves.with_curve} />
            <${Part} name="curve_hidden" part=${curves.curve_hidden} />
            ${difference && html`<${PairedRow} part=${curves.with_curve} difference=${difference} />`}
            <${Part} name="without_curve" part=${curves.without_curve} />
          </tbody>
        </table>
      </div>
      <p class="hint">
        ${t("evaluation.curves.hint")}${difference && ` ${t("evaluation.curves.hint.difference")}`}
      </p>
    </section>
  `;
}

function Part({ name, part }) {
  const { settled } = part;
  return html`<tr data-test=${`curves-${name}`}>
    <th scope="row">${t(`evaluation.curves.${name}`)}</th>
    <${Rows} part=${part} />
    <td class="number">${percent(part.accuracy)}</td>
    ${SETTLED.map(({ name: figure, write }) => {
      const value = settled?.[figure] ?? null;
      return html`<td key=${figure} class="number">
        ${write(value)}
        ${value !== null && html`<${IntervalText} interval=${settled.intervals?.[figure]} write=${write} />`}
      </td>`;
    })}
  </tr>`;
}

/** The difference between the rows with their light curve and the same rows with it hidden. */
function PairedRow({ part, difference }) {
  return html`<tr data-test="curves-difference">
    <th scope="row">${t("evaluation.curves.difference")}</th>
    <${Rows} part=${part} />
    ${[ACCURACY, ...SETTLED].map((figure) => {
      const found = figure.of(difference);
      return html`<td key=${figure.name} class="number">
        ${found?.difference == null
          ? figure.write(null)
          : html`<${Difference} figure=${figure} ...${found} />
              <div><${Verdict} verdict=${found.verdict} /></div>`}
      </td>`;
    })}
  </tr>`;
}

function Rows({ part: { rows, stars } }) {
  return html`<td class="number">
    ${number(rows)}
    <span class="interval">${t("evaluation.curves.stars", { count: stars })}</span>
  </td>`;
}
