// How the values of a column are spread: bars, with a summary in words and the numbers behind them.

import { html, useState } from "../lib/html.js";
import { number, percent, significant, t } from "../lib/i18n.js";

const [WIDTH, HEIGHT] = [400, 110];

/**
 * @param {object} properties
 * @param {string} properties.name of the column, in words
 * @param {string} properties.unit may be ""
 * @param {{edges: number[], counts: number[], log: boolean, below: number, above: number}}
 *   properties.histogram
 * @param {number} properties.median marked in the plot
 */
export function Histogram({ name, unit, histogram, median }) {
  const [isTable, setTable] = useState(false);
  const { edges, counts, log } = histogram;
  const summary = summaryOf(histogram, unit);
  const place = placeOn(edges, log);
  return html`
    <figure class="histogram">
      <div class="histogram-plot">
        <${Bars}
          counts=${counts}
          edges=${edges}
          unit=${unit}
          median=${place(median)}
          label=${`${name}: ${summary}`}
        />
        <div class="histogram-axis" aria-hidden="true">
          ${ticksOf(edges, log, place).map(
            (tick) => html`<span key=${tick} style=${{ left: `${place(tick) * 100}%` }}>
              ${tickText(tick)}
            </span>`,
          )}
        </div>
      </div>
      <figcaption>
        <p class="summary">${t(log ? "datasets.histogram.log" : "datasets.histogram.linear")} ${summary}</p>
        <${Beyond} histogram=${histogram} unit=${unit} />
      </figcaption>
      <button type="button" class="quiet" aria-expanded=${isTable} onClick=${() => setTable(!isTable)}>
        ${t(isTable ? "chart.hideTable" : "chart.table")}<span class="visually-hidden">: ${name}</span>
      </button>
      ${isTable && html`<${Numbers} name=${name} unit=${unit} edges=${edges} counts=${counts} />`}
    </figure>
  `;
}

function Bars({ counts, edges, unit, median, label }) {
  const tallest = Math.max(...counts, 1);
  const width = WIDTH / counts.length;
  return html`
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${label}>
      ${counts.map((count, n) => {
        // A single row must be seen beside thousands.
        const height = count && Math.max(1.5, (count / tallest) * (HEIGHT - 4));
        return html`<g key=${n}>
          <rect class="bar" x=${n * width} y=${HEIGHT - height} width=${width - 1} height=${height} />
          <rect class="hit" x=${n * width} y="0" width=${width} height=${HEIGHT}>
            <title>${`${rangeText(edges, n, unit)}: ${number(count)}`}</title>
          </rect>
        </g>`;
      })}
      ${median >= 0 &&
      median <= 1 &&
      html`<line class="median" x1=${median * WIDTH} x2=${median * WIDTH} y1="0" y2=${HEIGHT} />`}
    </svg>
  `;
}

function Beyond({ histogram: { edges, below, above }, unit }) {
  const ends = { low: significant(edges[0], 4), high: significant(edges[edges.length - 1], 4), unit };
  return html`
    ${below > 0 && html`<p class="hint">${t("datasets.histogram.below", { count: below, ...ends })}</p>`}
    ${above > 0 && html`<p class="hint">${t("datasets.histogram.above", { count: above, ...ends })}</p>`}
  `;
}

function Numbers({ name, unit, edges, counts }) {
  return html`
    <div class="table-scroll" tabindex="0" role="region" aria-label=${name}>
      <table>
        <thead>
          <tr>
            <th scope="col" class="number">${t("datasets.histogram.from")}${unit && ` (${unit})`}</th>
            <th scope="col" class="number">${t("datasets.histogram.to")}${unit && ` (${unit})`}</th>
            <th scope="col" class="number">${t("datasets.rows")}</th>
          </tr>
        </thead>
        <tbody>
          ${counts.map(
            (count, n) => html`<tr key=${n}>
              <td class="number">${significant(edges[n], 4)}</td>
              <td class="number">${significant(edges[n + 1], 4)}</td>
              <td class="number">${number(count)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;
}

function summaryOf({ edges, counts }, unit) {
  const most = counts.indexOf(Math.max(...counts));
  const shown = counts.reduce((sum, count) => sum + count, 0);
  return t("datasets.histogram.summary", {
    count: counts[most],
    share: percent(shown ? counts[most] / shown : null, 0),
    range: rangeText(edges, most, unit),
  });
}

function rangeText(edges, n, unit) {
  const [low, high] = [significant(edges[n], 3), significant(edges[n + 1], 3)];
  const range = t("datasets.histogram.range", { low, high });
  return unit ? `${range} ${unit}` : range;
}

/** From a value to its place along the axis, 0 to 1. */
function placeOn(edges, log) {
  const scale = log ? Math.log : Number;
  const [start, end] = [scale(edges[0]), scale(edges[edges.length - 1])];
  return (value) => (scale(value) - start) / (end - start);
}

const MOST_TICKS = 7;
const LEAST_SPACE = 0.13;

/** Round values within the axis, not more than can be read. */
function ticksOf(edges, log, place) {
  const [start, end] = [edges[0], edges[edges.length - 1]];
  const ticks = log && end / start > 10 ? logarithmic(start, end) : multiples(start, end);
  const labels = new Set(ticks.map((tick) => significant(tick, 3)));
  // A column of one value has an axis too short for two distinct ends.
  if (labels.size < ticks.length) return [start];
  return ticks.length >= 2 ? ticks.filter(spaced(place)) : [start, end];
}

/** Leaves out a tick that is too near to the last one before it for both to be read. */
function spaced(place) {
  let last = -Infinity;
  return (tick) => {
    if (place(tick) - last < LEAST_SPACE) return false;
    last = place(tick);
    return true;
  };
}

/** Powers of ten, or where there are hardly any also twice and five times them. */
function logarithmic(start, end) {
  const [first, last] = [Math.floor(Math.log10(start)), Math.floor(Math.log10(end))];
  const isFine = Math.log10(end / start) < 2;
  const step = isFine ? 1 : Math.ceil((last - first) / MOST_TICKS);
  const ticks = [];
  for (let power = first; power <= last; power += step) {
    ticks.push(...(isFine ? [1, 2, 5] : [1]).map((digit) => digit * 10 ** power));
  }
  return ticks.filter((tick) => tick >= start && tick <= end);
}

/** Long numbers would run into each other. */
function tickText(tick) {
  const power = Math.round(Math.log10(Math.abs(tick)));
  if ((tick < 1e5 && tick >= 1e-2) || 10 ** power !== tick || tick === 0) return significant(tick, 3);
  return html`10<sup>${power}</sup>`;
}

function multiples(start, end) {
  const rough = (end - start) / (MOST_TICKS - 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const values = [];
  for (let n = Math.ceil(start / step); n * step <= end; n += 1) values.push(n * step);
  return values;
}
