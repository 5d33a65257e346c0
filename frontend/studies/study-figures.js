// The figures of a study: their mean, and three things that each depends on, told apart.

import { IntervalText } from "../evaluation/interval.js";
import { HEADLINE } from "../lib/figures.js";
import { html } from "../lib/html.js";
import { fixed, number, t } from "../lib/i18n.js";
import { Explained } from "../ui/basics.js";

const COLUMNS = ["mean", "interval", "seeds", "folds"];

/** @param {{figures: object}} properties as the API gives them for a study */
export function StudyFigures({ figures }) {
  const { rows, table_rows: all, groups, guessing_log_loss: guessing, baseline } = figures;
  const hasTrees = baseline !== null;
  return html`
    <section class="card stack" data-test="study-figures">
      <h2>${t("studies.figures")}</h2>
      <p>${t("studies.figures.rows", { rows: number(rows), all: number(all), groups: number(groups) })}</p>
      ${!figures.is_complete && html`<p class="message" role="status">${t("studies.incomplete")}</p>`}
      <div class="table-scroll whole" tabindex="0" role="region" aria-label=${t("studies.figures")}>
        <table>
          <thead>
            <tr>
              <th scope="col">${t("studies.figure")}</th>
              ${COLUMNS.map(
                (name) => html`<th key=${name} scope="col" class="number">${t(`studies.column.${name}`)}</th>`,
              )}
              ${hasTrees && html`<th scope="col" class="number">${t("studies.column.trees")}</th>`}
            </tr>
          </thead>
          <tbody>
            ${HEADLINE.filter(({ name }) => figures.figures[name]).map(
              (figure) => html`<${Row}
                key=${figure.name}
                figure=${figure}
                value=${figures.figures[figure.name]}
                state=${figures.intervals_state}
                trees=${baseline}
              />`,
            )}
          </tbody>
        </table>
      </div>
      <p class="hint">${t("studies.guessing", { value: fixed(guessing, 3) })}</p>
      <dl class="study-terms">
        ${[...COLUMNS, ...(hasTrees ? ["trees"] : [])].map(
          (name) => html`<div key=${name}>
            <dt>${t(`studies.column.${name}`)}</dt>
            <dd class="hint">${t(`studies.about.${name}`)}</dd>
          </div>`,
        )}
      </dl>
    </section>
  `;
}

function Row({ figure, value, state, trees }) {
  const { name, write } = figure;
  const spread = (each) => (each === null ? "–" : `± ${write(each)}`);
  return html`
    <tr data-test=${`study-${name}`}>
      <th scope="row">
        <${Explained} term=${name}>${t(`evaluation.figure.${name}`)}<//>
      </th>
      <td class="number">${write(value.mean)}</td>
      <td class="number">
        ${value.interval
          ? html`<${IntervalText} interval=${value.interval} write=${write} />`
          : state === "pending"
            ? t("studies.interval.pending")
            : "–"}
      </td>
      <td class="number">${spread(value.seed_spread)}</td>
      <td class="number">${spread(value.fold_spread)}</td>
      ${trees && html`<td class="number">${name in trees ? write(trees[name]) : "–"}</td>`}
    </tr>
  `;
}
