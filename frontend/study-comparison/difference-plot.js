// The differences with their intervals, one below the other: right of the line the first study is better.

import { signed } from "../lib/figures.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { placesOf } from "../studies/comparable.js";

const [WIDTH, ROW] = [400, 26];

/** @param {{comparison: object}} properties as the API gives it */
export function DifferencePlot({ comparison }) {
  const { figures, one, other } = comparison;
  const places = placesOf(figures);
  if (places.length === 0) return null;
  const height = places.length * ROW;
  const x = (place) => WIDTH / 2 + place * (WIDTH / 2 - 8);
  const names = { one: String(one), other: String(other) };
  const summary = places.map(({ figure, verdict }) => wordsOf(figure, figures[figure.name], verdict)).join("; ");
  return html`
    <figure class="difference-plot">
      <div class="difference-rows">
        <div class="difference-names" aria-hidden="true">
          ${places.map(({ figure }) => html`<span key=${figure.name}>${t(`evaluation.figure.${figure.name}`)}</span>`)}
        </div>
        <svg viewBox=${`0 0 ${WIDTH} ${height}`} preserveAspectRatio="none" role="img" aria-label=${summary}>
          <line class="zero" x1=${x(0)} x2=${x(0)} y1="0" y2=${height} />
          ${places.map(({ figure, at, low, high, verdict }, n) => {
            const y = (n + 0.5) * ROW;
            return html`<g key=${figure.name} class=${`verdict-${verdict}`}>
              <line class="range" x1=${x(low)} x2=${x(high)} y1=${y} y2=${y} />
              <line class="mark" x1=${x(at)} x2=${x(at)} y1=${y - 7} y2=${y + 7} />
            </g>`;
          })}
        </svg>
      </div>
      <figcaption class="hint">
        ${t("studies.compare.plot", names)} ${summary}.
      </figcaption>
    </figure>
  `;
}

function wordsOf(figure, { difference }, verdict) {
  const name = t(`evaluation.figure.${figure.name}`);
  return `${name} ${signed(figure, difference)} (${t(`evaluation.verdictShort.${verdict}`)})`;
}
