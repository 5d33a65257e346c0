// Interaction with a plot: the cursor and zoom by keyboard, picking a point.

const PICK_DISTANCE = 12;

// The fraction of the visible range that a zoom step keeps.
export const ZOOM_IN = 0.5;
export const ZOOM_OUT = 2;

// The row that the keyboard is at: uPlot's own is the first of those with the same abscissa.
const cursors = new WeakMap();

/** The visible range of the abscissa. */
export function limits(u) {
  return { min: u.scales.x.min, max: u.scales.x.max };
}

/** The full range of the abscissa: the given range, or as far as the data; never empty. */
export function wholeRange(u) {
  const [xs] = u.data;
  const { wanted, distr } = u.scales.x;
  const [first, last] = [wanted?.[0] ?? xs[0], wanted?.[1] ?? xs[xs.length - 1]];
  if (first === undefined || first !== last) return [first, last];
  return distr === 3 ? [first / 10, first * 10] : [first - 1, first + 1];
}

/** What the abscissa shows when `low` to `high` are asked for: the ends of the data stand for "all". */
export function shownRange(u, low, high) {
  const [xs] = u.data;
  const isAll = xs.length === 1 || (low === xs[0] && high === xs[xs.length - 1]);
  return isAll && xs.length > 0 ? wholeRange(u) : [low, high];
}

export function isZoomedIn(u) {
  const [first, last] = wholeRange(u);
  const { min, max } = limits(u);
  return first !== undefined && last !== undefined && min != null && (min > first || max < last);
}

export function showAll(u) {
  if (!u) return;
  const [min, max] = wholeRange(u);
  u.setScale("x", { min, max });
}

/** Keys of a focused plot: the cursor, the zoom, the choice of a point; whether it was one of them. */
export function steer(event, u, aligned, onPick) {
  if (!u || event.ctrlKey || event.metaKey || event.altKey) return false;
  const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
  const factor = { "+": ZOOM_IN, "=": ZOOM_IN, "-": ZOOM_OUT }[event.key];
  if (step !== undefined) moveCursor(u, step);
  else if (factor) zoom(u, factor);
  else if (event.key === "0") showAll(u);
  else if (event.key === "Enter" && onPick) pickNearest(u, aligned, onPick);
  else return false;
  event.preventDefault();
  return true;
}

/** Calls `onPick(line, index)` for the point that the cursor is next to. */
export function pickNearest(u, aligned, onPick) {
  if (!u || !onPick || u.cursor.left < 0) return;
  const lines = u.data.slice(1).map((_, line) => line);
  const nearest = nearestPoint(u, lines);
  if (nearest) onPick(nearest.line, aligned.places ? aligned.places[nearest.line][nearest.row] : nearest.row);
}

/** The point of some lines that is next to the cursor, if one is near. */
export function nearestPoint(u, lines) {
  const { left, top } = u.cursor;
  let best = null;
  for (const line of lines) {
    u.data[line + 1].forEach((y, row) => {
      if (y == null) return;
      const across = Math.abs(u.valToPos(u.data[0][row], "x") - left);
      if (across >= PICK_DISTANCE) return;
      const distance = Math.hypot(across, u.valToPos(y, "y") - top);
      if (distance < (best?.distance ?? PICK_DISTANCE)) best = { distance, line, row };
    });
  }
  return best;
}

function moveCursor(u, step) {
  const [xs] = u.data;
  const { min, max } = limits(u);
  const shown = { first: xs.findIndex((each) => each >= min), last: xs.findLastIndex((each) => each <= max) };
  const known = cursors.get(u);
  // The pointer may have moved the cursor meanwhile.
  const from = known !== undefined && xs[known] === xs[u.cursor.idx] ? known : u.cursor.idx;
  const wanted = from == null ? shown.first : from + step;
  const row = Math.min(Math.max(wanted, shown.first), shown.last);
  if (row < 0) return;
  cursors.set(u, row);
  const y = u.data.slice(1).map((column) => column[row]).find((each) => each != null);
  u.setCursor({ left: u.valToPos(xs[row], "x"), top: y === undefined ? 0 : u.valToPos(y, "y") });
}

/** Shows a part of what is shown, or more of it, around the cursor. */
export function zoom(u, factor) {
  if (!u) return;
  const isLog = u.scales.x.distr === 3;
  const to = isLog ? Math.log10 : (value) => value;
  const back = isLog ? (value) => 10 ** value : (value) => value;
  const [first, last] = wholeRange(u);
  const { min, max } = limits(u);
  const { idx } = u.cursor;
  const centre = idx == null ? (to(min) + to(max)) / 2 : to(u.data[0][idx]);
  const half = ((to(max) - to(min)) / 2) * factor;
  u.setScale("x", { min: Math.max(first, back(centre - half)), max: Math.min(last, back(centre + half)) });
}
