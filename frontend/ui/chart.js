// A plot of lines or points, with a summary in words, a table behind it, zoom, PNG and CSV.

import { html, useMemo, useRef, useState } from "../lib/html.js";
import { significant, t } from "../lib/i18n.js";
import { colorOf, dashOf, sampleWidthOf, useDrawing } from "./chart-drawing.js";
import { savePicture, saveTable } from "./chart-files.js";
import { rowsOfTable } from "./chart-rows.js";
import { showAll, steer, zoom, ZOOM_IN, ZOOM_OUT } from "./chart-steering.js";

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {number[]} y null where there is nothing
 * @property {number[]} [x] its own abscissae, increasing; else those of the chart
 * @property {string} [color] a custom property, "--data-1" to "--data-6"; by its place else
 * @property {number[]} [dash] so that colour is not the only difference
 * @property {"line" | "points" | "both" | "steps"} [kind] steps: each value across its bin, whose middle x is
 * @property {"circle" | "square" | "triangle"} [mark] of the points
 * @property {boolean} [isFaint] small, pale points, of which there are many
 * @property {number} [width]
 *
 * @typedef {object} Axis
 * @property {string} label
 * @property {boolean} [log]
 * @property {[number | null, number | null]} [range] what is shown at first; null: as far as the data
 * @property {(value: number) => string} [format]
 *
 * @typedef {object} Rule a value of an axis that is marked across the plot
 * @property {"x" | "y"} axis
 * @property {number} at
 * @property {string} label
 * @property {boolean} [isAtTop] of an x rule: its label is at the top, where the lines leave room
 */

const MARKS = {
  circle: html`<circle cx="13" cy="5" r="4" />`,
  square: html`<rect x="9" y="1" width="8" height="8" />`,
  triangle: html`<path d="M13 0 L18 9 L8 9 Z" />`,
};

/**
 * A plot. Drag to zoom, double-click to see all; with the keyboard: arrows move the cursor, + and -
 * zoom, 0 shows all, Enter chooses the point.
 *
 * @param {object} properties
 * @param {string} properties.name of the files that are saved
 * @param {string} properties.title
 * @param {string} properties.summary what the plot shows, in a sentence, for screen readers
 * @param {number[]} [properties.x] shared by the lines, increasing
 * @param {Line[]} properties.lines
 * @param {Axis} properties.xAxis
 * @param {Axis} properties.yAxis
 * @param {Rule[]} [properties.rules]
 * @param {number} [properties.height]
 * @param {boolean} [properties.isSquare] as high as wide, for two axes of the same quantity
 * @param {(line: number, index: number) => void} [properties.onPick] a point of a line was chosen, by a
 *   click next to it or with Enter; `index` counts in the line's own `y`
 */
export function Chart({ name, title, summary, x, lines, xAxis, yAxis, height = 240, ...rest }) {
  const { rules, isSquare, onPick } = rest;
  const [isTable, setTable] = useState(false);
  const [isZoomed, setZoomed] = useState(false);
  // The row of each line that the cursor is at.
  const [cursor, setCursor] = useState(null);
  const [spoken, setSpoken] = useState("");
  const place = useRef(null);
  const plot = useRef(null);
  const aligned = useMemo(() => align(x, lines), [x, lines]);
  const drawn = { lines, xAxis, yAxis, height, rules, isSquare, onPick };
  useDrawing({ place, plot, aligned, ...drawn, setZoomed, setCursor });
  const contents = { data: aligned.data, lines, xAxis, yAxis };
  const save = {
    picture: () => savePicture(plot.current, lines, name, title),
    table: () => saveTable(aligned.data, lines, xAxis, name),
  };
  const press = (event) => {
    if (steer(event, plot.current, aligned, onPick)) setSpoken(inWords(contents, plot.current.cursor));
  };
  return html`
    <figure class="chart ${isSquare ? "square" : ""}">
      <figcaption>
        <h3>${title}</h3>
        <p class="summary">${summary}</p>
      </figcaption>
      <div
        class="plot ${onPick ? "pickable" : ""}"
        ref=${place}
        role="img"
        aria-label=${`${title}. ${summary}`}
        tabindex="0"
        style=${{ minHeight: isSquare ? undefined : `${height}px` }}
        onKeyDown=${press}
      ></div>
      <span class="visually-hidden" role="status">${spoken}</span>
      <${Legend} data=${aligned.data} lines=${lines} yAxis=${yAxis} cursor=${cursor} />
      <div class="chart-tools">
        <span class="at">
          ${cursor && html`${xAxis.label} <b>${atCursor(aligned.data, cursor, xAxis)}</b>`}
        </span>
        <button
          type="button"
          class="quiet"
          aria-label=${t("chart.zoomIn")}
          title=${t("chart.zoomIn")}
          onClick=${() => zoom(plot.current, ZOOM_IN)}
        >
          +
        </button>
        ${isZoomed &&
        html`<button
            type="button"
            class="quiet"
            aria-label=${t("chart.zoomOut")}
            title=${t("chart.zoomOut")}
            onClick=${() => zoom(plot.current, ZOOM_OUT)}
          >
            −
          </button>
          <button type="button" class="quiet" onClick=${() => showAll(plot.current)}>
          ${t("chart.all")}
        </button>`}
        <button type="button" class="quiet" aria-expanded=${isTable} onClick=${() => setTable(!isTable)}>
          ${t(isTable ? "chart.hideTable" : "chart.table")}
        </button>
        <button type="button" class="quiet" onClick=${save.picture}>PNG</button>
        <button type="button" class="quiet" onClick=${save.table}>CSV</button>
      </div>
      ${isTable && html`<${ChartTable} title=${title} data=${aligned.data} lines=${lines} xAxis=${xAxis} />`}
    </figure>
  `;
}

/** The lines, and their values where the cursor is. */
function Legend({ data, lines, yAxis, cursor }) {
  return html`<ul class="legend">
    ${lines.map(
      (line, n) => html`<li key=${line.label}>
        <${Sample} line=${line} place=${n} /> ${line.label}${" "}
        <b class="value">${cursor && valueAt(data, cursor, n + 1, yAxis)}</b>
      </li>`,
    )}
  </ul>`;
}

/** What the cursor is at, for screen readers. */
function inWords({ data, lines, xAxis, yAxis }, { idx, idxs }) {
  if (idx == null) return "";
  const values = lines
    .map((line, n) => `${line.label} ${valueAt(data, idxs, n + 1, yAxis)}`)
    .filter((_, n) => idxs[n + 1] != null);
  return `${xAxis.label} ${atCursor(data, idxs, xAxis)}: ${values.join(", ")}`;
}

function valueAt(data, cursor, column, { format = significant }) {
  const value = cursor[column] == null ? null : data[column][cursor[column]];
  return value == null ? "" : format(value);
}

/** The abscissa of the cursor: that of the point that it is next to, in a scatter. */
function atCursor(data, [row, ...rows], { format = significant }) {
  const near = rows.find((each) => each != null) ?? row;
  return data[0][near] == null ? "" : format(data[0][near]);
}

/** How a line looks in the plot. */
function Sample({ line, place }) {
  const color = `var(${colorOf(line, place)})`;
  return html`<svg width="26" height="10" aria-hidden="true" style=${{ fill: color }}>
    ${line.kind === "points"
      ? MARKS[line.mark ?? "circle"]
      : html`<line
          x1="0"
          x2="26"
          y1="5"
          y2="5"
          stroke-width=${sampleWidthOf(line)}
          stroke-dasharray=${dashOf(line, place).join(" ")}
          style=${{ stroke: color }}
        />`}
  </svg>`;
}

function ChartTable({ title, data, lines, xAxis }) {
  const [xs, ...columns] = data;
  const shown = rowsOfTable(xs.length, columns);
  return html`
    <div class="table-scroll" tabindex="0" role="region" aria-label=${title}>
      ${shown.length < xs.length &&
      html`<p class="hint">${t("chart.thinned", { shown: shown.length, all: xs.length })}</p>`}
      <table>
        <thead>
          <tr>
            <th scope="col">${xAxis.label}</th>
            ${lines.map((line) => html`<th scope="col">${line.label}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${shown.map(
            (row) => html`<tr key=${row}>
              <td>${significant(xs[row], 6)}</td>
              ${columns.map(({ [row]: y }) => html`<td>${y == null ? "" : significant(y, 6)}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;
}

/**
 * The lines over one common, increasing abscissa, as uPlot takes them.
 *
 * Where only another line has a point there is `undefined`, which uPlot draws over; null is a gap.
 * `places[line][row]` is where the point is in the line's own `y`.
 */
function align(x, lines) {
  const areAligned = lines.every((line) => !line.x);
  if (areAligned) return { data: [x ?? [], ...lines.map((line) => line.y)], places: null };
  const points = lines.flatMap((line, n) => (line.x ?? x).map((at, index) => [at, n, index]));
  points.sort((a, b) => a[0] - b[0]);
  const columns = lines.map(() => new Array(points.length).fill(undefined));
  const places = lines.map(() => new Array(points.length));
  points.forEach(([, n, index], row) => {
    columns[n][row] = lines[n].y[index];
    places[n][row] = index;
  });
  return { data: [points.map(([at]) => at), ...columns], places };
}
