// The settings of a grid: each figure with its interval, how it differs from the base, and what that says.

import { IntervalText } from "../../evaluation/interval.js";
import { HEADLINE } from "../../lib/figures.js";
import { html, useState } from "../../lib/html.js";
import { number, t } from "../../lib/i18n.js";
import { Explained } from "../../ui/basics.js";
import { Difference, Verdict } from "../../ui/difference.js";
import { settingText } from "../study-kinds.js";
import { byVerdict } from "./grid-places.js";
import { GridPlot } from "./grid-plot.js";

const DECISIVE = HEADLINE.find(({ name }) => name === "log_loss");

/** @param {{study: object}} properties with its `grid`, as the API gives it */
export function GridFigures({ study }) {
  const { grid } = study;
  return html`
    <section class="card stack" data-test="grid-figures">
      <h2>${t("grid.figures")}</h2>
      <p>${t("grid.rows", { rows: number(grid.rows), groups: number(grid.groups) })}</p>
      ${!grid.is_complete && html`<p class="message" role="status">${t("grid.soFar")}</p>`}
      ${grid.intervals_state === "pending" && html`<p role="status">${t("studies.compare.pending")}</p>`}
      <${Found} study=${study} />
      <${Differences} study=${study} />
      <${Table} study=${study} />
      ${grid.best !== null && html`<p class="message" data-test="grid-note">${t("grid.note")}</p>`}
      <p class="hint">${t("grid.interval")}</p>
    </section>
  `;
}

/** What is told of the settings, by the log loss. */
function Found({ study }) {
  const found = byVerdict(study.grid.settings, DECISIVE);
  const known = Object.entries(found).filter(([, settings]) => settings.length > 0);
  if (known.length === 0) return null;
  const names = (settings) => settings.map((each) => settingText(study, each)).join("; ");
  return html`<ul class="plain" data-test="grid-verdicts">
    ${known.map(
      ([verdict, settings]) => html`<li key=${verdict} class=${`verdict-${verdict}`}>
        ${t(`grid.verdict.${verdict}`, { names: names(settings) })}
      </li>`,
    )}
  </ul>`;
}

/** The differences of one figure in a plot; which one is a choice. */
function Differences({ study }) {
  const [name, choose] = useState(DECISIVE.name);
  if (!study.grid.settings.some(({ differences }) => differences)) return null;
  const figure = HEADLINE.find((each) => each.name === name);
  return html`
    <div class="stack">
      <div class="actions study-choices">
        <label class="row" for="grid-figure">
          ${t("grid.plot.figure")}
          <select id="grid-figure" value=${name} onChange=${({ target }) => choose(target.value)}>
            ${HEADLINE.map((each) => html`<option key=${each.name} value=${each.name}>${figureName(each)}</option>`)}
          </select>
        </label>
      </div>
      <${GridPlot} study=${study} figure=${figure} />
    </div>
  `;
}

function Table({ study }) {
  const { settings } = study.grid;
  return html`
    <div class="table-scroll whole" tabindex="0" role="region" aria-label=${t("grid.figures")}>
      <table class="grid-table">
        <thead>
          <tr>
            <th scope="col">${t("grid.setting")}</th>
            <th scope="col" class="number">${t("studies.seeds")}</th>
            ${HEADLINE.map(
              (figure) => html`<th key=${figure.name} scope="col">
                <${Explained} term=${figure.name}>${figureName(figure)}<//>
              </th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${settings.map((each) => html`<${Row} key=${each.setting} study=${study} found=${each} />`)}
        </tbody>
      </table>
    </div>
  `;
}

function Row({ study, found }) {
  const { setting, seeds, figures, differences } = found;
  return html`
    <tr data-test=${`grid-row-${setting}`}>
      <th scope="row">${settingText(study, setting)}</th>
      <td class="number">${t("grid.seedsOf", { count: String(seeds), all: String(study.grid.seeds) })}</td>
      ${HEADLINE.map(
        (figure) => html`<${Cell}
          key=${figure.name}
          figure=${figure}
          value=${figures[figure.name]}
          difference=${differences?.[figure.name]}
        />`,
      )}
    </tr>
  `;
}

function Cell({ figure, value, difference }) {
  const { mean, interval, seed_spread: spread } = value;
  return html`<td>
    ${figure.write(mean)}
    ${spread !== null && html`${" "}<span class="hint">± ${figure.write(spread)}</span>`}
    ${interval && html`<div class="hint"><${IntervalText} interval=${interval} write=${figure.write} /></div>`}
    ${difference &&
    html`<div><${Difference} figure=${figure} ...${difference} /></div>
      <div><${Verdict} verdict=${difference.verdict} /></div>`}
  </td>`;
}

const figureName = ({ name }) => t(`evaluation.figure.${name}`);
