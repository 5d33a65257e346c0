// The figures of each class against the others, with 95% intervals.

import { CLASSES } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { fixed, number, t } from "../lib/i18n.js";
import { className, Explained } from "../ui/basics.js";
import { IntervalText } from "./interval.js";

const three = (value) => fixed(value, 3);

const COLUMNS = [
  ["precision", (figures, name) => figures.per_class?.[name]?.precision],
  ["recall", (figures, name) => figures.per_class?.[name]?.recall],
  ["f1", (figures, name) => figures.per_class?.[name]?.f1],
  ["roc_auc", (figures, name) => figures.roc_auc?.[name]],
  ["average_precision", (figures, name) => figures.average_precision?.[name]],
];

/** Of the last three columns. */
const MEANS = [
  (figures) => figures.macro_f1,
  (figures) => figures.roc_auc?.macro,
  (figures) => figures.average_precision?.macro,
];

/** @param {{evaluation: object}} properties as the API gives it */
export function PerClassTable({ evaluation }) {
  const intervals = evaluation.intervals ?? {};
  const title = t("evaluation.perClass");
  return html`
    <section class="card">
      <h2 id="per-class">${title}</h2>
      <div class="table-scroll whole" tabindex="0" role="region" aria-label=${title}>
        <table>
          <thead>
            <tr>
              <th scope="col">${t("evaluation.class")}</th>
              ${COLUMNS.map(
                ([name]) => html`<th scope="col" class="number">
                  <${Explained} term=${name}>${t(`evaluation.column.${name}`)}<//>
                </th>`,
              )}
              <th scope="col" class="number">
                <${Explained} term="support">${t("evaluation.column.support")}<//>
              </th>
            </tr>
          </thead>
          <tbody>
            ${CLASSES.map(
              (label) => html`<tr key=${label}>
                <th scope="row">${className(label)}</th>
                ${COLUMNS.map(([name, read]) => html`<${Cell} key=${name} value=${read(evaluation, label)}
                  interval=${read(intervals, label)} />`)}
                <td class="number">${number(evaluation.per_class?.[label]?.support)}</td>
              </tr>`,
            )}
            <tr class="mean">
              <th scope="row">${t("evaluation.mean")}</th>
              <td></td>
              <td></td>
              ${MEANS.map((read) => html`<${Cell} value=${read(evaluation)} interval=${read(intervals)} />`)}
              <td class="number">${number(evaluation.n_test)}</td>
            </tr>
          </tbody>
        </table>
      </div>
      <p class="hint">${t("evaluation.perClassNull")}</p>
    </section>
  `;
}

function Cell({ value, interval }) {
  const isKnown = value !== null && value !== undefined;
  return html`<td class="number">
    ${three(value)}
    ${isKnown && html`<${IntervalText} interval=${interval} write=${three} />`}
  </td>`;
}
