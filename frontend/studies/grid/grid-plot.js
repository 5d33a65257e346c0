// The differences of the settings of a grid from its base, one below the other: right of the line they are better.

import { signed } from "../../lib/figures.js";
import { html } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { settingText } from "../study-kinds.js";
import { gridPlaces } from "./grid-places.js";

const [WIDTH, ROW] = [400, 32];

/** @param {{study: object, figure: object}} properties the figure of `lib/figures.js` */
export function GridPlot({ study, figure }) {
  const { settings } = study.grid;
  const places = gridPlaces(settings, figure);
  if (places.length === 0) return html`<p class="hint">${t("grid.plot.none")}</p>`;
  const height = places.length * ROW;
  const x = (place) => WIDTH / 2 + place * (WIDTH / 2 - 8);
  const summary = places.map((each) => wordsOf(study, figure, each)).join("; ");
  return html`
    <figure class="difference-plot grid-plot" data-test="grid-plot">
      <div class="difference-rows">
        <div class="difference-names" aria-hidden="true">
          ${places.map(({ setting }) => html`<span key=${setting}>${settingText(study, setting)}</span>`)}
        </div>
        <svg viewBox=${`0 0 ${WIDTH} ${height}`} preserveAspectRatio="none" role="img" aria-label=${summary}>
          <line class="zero" x1=${x(0)} x2=${x(0)} y1="0" y2=${height} />
          ${places.map(({ setting, at, low, high, verdict }, n) => {
            const y = (n + 0.5) * ROW;
            return html`<g key=${setting} class=${`verdict-${verdict}`}>
              <line class="range" x1=${x(low)} x2=${x(high)} y1=${y} y2=${y} />
              <line class="mark" x1=${x(at)} x2=${x(at)} y1=${y - 7} y2=${y + 7} />
            </g>`;
          })}
        </svg>
      </div>
      <figcaption class="hint">
        ${t("grid.plot", { figure: t(`evaluation.figure.${figure.name}`) })} ${summary}.
      </figcaption>
    </figure>
  `;
}

function wordsOf({ grid, ...study }, figure, { setting, verdict }) {
  const { difference, interval } = grid.settings[setting].differences[figure.name];
  const [low, high] = interval.map((each) => signed(figure, each));
  const values = `${signed(figure, difference)}, ${t("evaluation.interval", { low, high })}`;
  return `${settingText(study, setting)} (${values}, ${t(`evaluation.verdictShort.${verdict}`)})`;
}
