// How a plot is drawn with uPlot: scales, axes, series, the rules across it.

import { useEffect, useLayoutEffect, useRef } from "../lib/html.js";
import { significant } from "../lib/i18n.js";
import { drawRule, lonePoints, marksOf, stepsOf } from "./chart-marks.js";
import { isZoomedIn, limits, nearestPoint, pickNearest, shownRange } from "./chart-steering.js";

export const DASHES = [[], [6, 4], [2, 3], [10, 4, 2, 4], [1, 4], [12, 6]];

const POINT_SIZE = 6;
const FAINT_SIZE = 2;

// Of a point that no line reaches.
const LONE_SIZE = 9;

const HOVER_DISTANCE = 25;

const AXIS_WIDTH = 58;

// Between the numbers of an axis, its ticks and its name.
const AXIS_GAPS = 20;

const LARGEST_SQUARE = 500;

let library = null;

/** uPlot, loaded when the first plot is drawn. */
function loadLibrary() {
  library ??= import("../vendor/uplot/uPlot.esm.js").then((module) => module.default);
  return library;
}

/** The custom property that colours a line. */
export function colorOf(line, n) {
  return line.color ?? `--data-${(n % 6) + 1}`;
}

/** The dashes of a line. */
export function dashOf(line, n) {
  return line.dash ?? DASHES[n % DASHES.length];
}

/** How thick a line's sample in the legend is: a thin line is told from others by that. */
export function sampleWidthOf({ width = 2 }) {
  return Math.min(2.5, 1.5 * width);
}

/** Keeps the plot of a `Chart` in `place`: drawn anew when its shape changes, else only its data. */
export function useDrawing({ place, plot, aligned, isSquare, height, onPick, ...drawing }) {
  const { lines, xAxis, yAxis, rules } = drawing;
  const latest = useRef(null);
  latest.current = { aligned, onPick, rules: rules ?? [] };
  // What a new plot is needed for; new data alone are drawn into the one that is there.
  const shape = JSON.stringify([
    lines.map(({ x, label, color, dash, kind, mark, width }) => [!x, label, color, dash, kind, mark, width]),
    [xAxis, yAxis].map(({ label, log, range }) => [label, log, range]),
    [height, isSquare, Boolean(onPick)],
  ]);
  useLayoutEffect(() => {
    let isCurrent = true;
    let end = () => {};
    loadLibrary().then((UPlot) => {
      if (!isCurrent || !place.current) return;
      const size = () => sizeOf(place.current, height, isSquare);
      const draw = () => {
        const kept = plot.current && isZoomedIn(plot.current) ? limits(plot.current) : null;
        plot.current?.destroy();
        const options = { ...size(), ...optionsOf(drawing, () => latest.current.rules) };
        plot.current = new UPlot(options, latest.current.aligned.data, place.current);
        if (kept) plot.current.setScale("x", kept);
      };
      const pick = () => pickNearest(plot.current, latest.current.aligned, latest.current.onPick);
      draw();
      end = follow(place.current, { draw, pick, resize: () => resize(plot.current, size()) });
    });
    return () => {
      isCurrent = false;
      end();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => {
    if (!plot.current) return;
    // A person who has zoomed in is not thrown out by the next epoch.
    const zoomed = isZoomedIn(plot.current) ? limits(plot.current) : null;
    plot.current.setData(aligned.data, zoomed === null);
    if (zoomed) plot.current.setScale("x", zoomed);
  }, [aligned]);
  // A rule may move with each epoch: it is drawn over the plot that is there.
  useEffect(() => plot.current?.redraw(false), [JSON.stringify(rules)]);
}

/** Follows the width of the place, the colours of the page and clicks; gives the function that ends it. */
function follow(element, { draw, pick, resize: fit }) {
  const observer = new ResizeObserver(fit);
  observer.observe(element);
  const themed = new MutationObserver(draw);
  themed.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  let pressedAt = 0;
  const press = (event) => {
    pressedAt = event.clientX;
  };
  // The end of a drag, which zooms, is a click too.
  const click = (event) => Math.abs(event.clientX - pressedAt) < 4 && pick();
  element.addEventListener("pointerdown", press);
  element.addEventListener("click", click);
  return () => {
    observer.disconnect();
    themed.disconnect();
    element.removeEventListener("pointerdown", press);
    element.removeEventListener("click", click);
  };
}

function resize(u, size) {
  if (u && Math.abs(u.width - size.width) > 1) u.setSize(size);
}

function sizeOf(element, height, isSquare) {
  const room = Math.max(200, Math.floor(element.getBoundingClientRect().width));
  const width = isSquare ? Math.min(room, LARGEST_SQUARE) : room;
  return { width, height: isSquare ? width : height };
}

function optionsOf({ lines, xAxis, yAxis, setZoomed, setCursor }, rulesNow) {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const font = `12px ${style.getPropertyValue("--font").trim()}`;
  const isScatter = lines.some((line) => line.kind === "points");
  return {
    scales: { x: scaleOfX(xAxis), y: scaleOfY(yAxis) },
    axes: [axisOf(xAxis, color, font), { ...axisOf(yAxis, color, font), size: widthOfAxis }],
    // The page draws its own legend.
    legend: { show: false },
    // Room for half a number at the end of the axis.
    padding: [null, 36, null, null],
    cursor: {
      drag: { x: true, y: false },
      focus: { prox: isScatter ? -1 : 30 },
      points: { size: 7 },
      // With few points on a line, a distant one is not picked.
      hover: { prox: HOVER_DISTANCE },
      ...(isScatter ? { dataIdx: (u, series, row) => (series === 0 ? row : hovered(u, series, lines)) } : {}),
    },
    hooks: {
      setScale: [(u, name) => name === "x" && setZoomed(isZoomedIn(u))],
      setCursor: [(u) => setCursor((last) => changed(last, u.cursor.idx == null ? null : u.cursor.idxs))],
      draw: [(u) => rulesNow().forEach((rule) => drawRule(u, rule, color("--text"), font))],
    },
    series: [{ label: xAxis.label }, ...lines.map((line, n) => seriesOf(line, n, color))],
  };
}

function axisOf(axis, color, font) {
  return {
    label: axis.label,
    labelFont: font,
    font,
    labelSize: 18,
    stroke: color("--text-quiet"),
    grid: { stroke: color("--line"), width: 1, ...(axis.log ? { filter: onlyDecades } : {}) },
    ticks: { stroke: color("--line"), width: 1 },
    values: (_, splits) => splits.map((each) => (each === null ? "" : (axis.format ?? shortNumber)(each))),
  };
}

/** What the numbers beside the plot need; the same for all but long ones, so that nothing moves. */
function widthOfAxis(u, values, axis) {
  if (!values) return AXIS_WIDTH;
  const { ctx } = u;
  ctx.save();
  [ctx.font] = u.axes[axis].font;
  const widest = Math.max(0, ...values.map((each) => ctx.measureText(each ?? "").width));
  ctx.restore();
  return Math.max(AXIS_WIDTH, widest / (devicePixelRatio || 1) + AXIS_GAPS);
}

/** The lines of a logarithmic grid at powers of ten; at all its steps where few of those are seen. */
function onlyDecades(u, splits) {
  const isDecade = splits.map((each) => Math.abs(Math.log10(each) - Math.round(Math.log10(each))) < 1e-9);
  return isDecade.filter(Boolean).length < 2 ? splits : splits.map((each, n) => (isDecade[n] ? each : null));
}

function changed(last, rows) {
  if (rows === null) return null;
  return last?.join() === rows.join() ? last : [...rows];
}

function scaleOfX({ log, range }) {
  const scale = { time: false, distr: log ? 3 : 1, wanted: range };
  // Without a range a logarithmic axis ends at decades, by uPlot's own function.
  return log && !range ? scale : { ...scale, range: shownRange };
}

function scaleOfY({ log, range }) {
  const scale = { time: false, distr: log ? 3 : 1 };
  if (!range) return scale;
  return { ...scale, range: (_, low, high) => [range[0] ?? low, range[1] ?? high] };
}

function seriesOf(line, n, color) {
  const isPoints = line.kind === "points";
  const stroke = color(colorOf(line, n));
  const size = line.isFaint ? FAINT_SIZE : line.kind ? POINT_SIZE : LONE_SIZE;
  return {
    label: line.label,
    stroke,
    width: line.width ?? 2,
    dash: dashOf(line, n),
    alpha: line.isFaint ? 0.4 : isPoints ? 0.75 : 1,
    paths: pathsOf(line.kind),
    points: {
      show: SHOWN_POINTS[line.kind],
      size,
      fill: line.kind === "both" ? undefined : stroke,
      // A line through one point has no length: nothing would be seen of it.
      filter: (u, column) => (line.kind ? null : lonePoints(u.data[column])),
      ...(isPoints ? { paths: marksOf(line.mark, size) } : {}),
    },
  };
}

// Whether points are drawn; of a line, uPlot decides.
const SHOWN_POINTS = { points: true, both: true, steps: false };

/** What draws a series but its points; undefined: uPlot, by a line. */
function pathsOf(kind) {
  if (kind === "points") return () => null;
  return kind === "steps" ? stepsOf : undefined;
}

/** The row of a scatter's series if its point is the one next to the pointer. */
function hovered(u, series, lines) {
  const clouds = lines.map((line, n) => (line.kind === "points" ? n : -1)).filter((n) => n >= 0);
  const nearest = nearestPoint(u, clouds);
  return nearest?.line === series - 1 ? nearest.row : null;
}

function shortNumber(value) {
  return significant(value, 4);
}
