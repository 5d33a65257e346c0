// What is drawn in a plot besides its lines: the marks of points, rules across it.

/** Adds one of three marks, distinguishable without colour, to a path. */
export function addMark(path, mark, x, y, half) {
  if (mark === "square") {
    path.rect(x - half, y - half, 2 * half, 2 * half);
  } else if (mark === "triangle") {
    path.moveTo(x, y - 1.3 * half);
    path.lineTo(x + 1.2 * half, y + half);
    path.lineTo(x - 1.2 * half, y + half);
    path.closePath();
  } else {
    path.moveTo(x + half, y);
    path.arc(x, y, half, 0, 2 * Math.PI);
  }
}

/** What draws the points of a series, of a size in pixels, as its marks. */
export function marksOf(mark, size) {
  return (u, series, first, last) => {
    const half = (size / 2) * (devicePixelRatio || 1);
    const fill = new Path2D();
    for (let row = first; row <= last; row += 1) {
      const y = u.data[series][row];
      if (y == null) continue;
      addMark(fill, mark, u.valToPos(u.data[0][row], "x", true), u.valToPos(y, "y", true), half);
    }
    const clip = new Path2D();
    clip.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    return { stroke: null, fill, clip, flags: 3 };
  };
}

/**
 * What draws a series as steps: each value across its bin, which its point is the middle of; the bins are of
 * one width. Where only another line has a point nothing ends.
 */
export function stepsOf(u, series, first, last) {
  const [xs] = u.data;
  const ys = u.data[series];
  const stroke = new Path2D();
  for (const [from, to, y] of stepsIn(xs, ys, first, last)) {
    const height = u.valToPos(y, "y", true);
    stroke.lineTo(u.valToPos(from, "x", true), height);
    stroke.lineTo(u.valToPos(to, "x", true), height);
  }
  const clip = new Path2D();
  clip.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  return { stroke, fill: null, clip, flags: 1 };
}

/**
 * The steps of a series, one beside the other.
 *
 * @param {number[]} xs increasing
 * @param {(number | undefined)[]} ys undefined where only another line has a point
 * @param {number} first the first row that is seen
 * @param {number} last the last one
 * @returns {[number, number, number][]} from, to, the value
 */
export function stepsIn(xs, ys, first, last) {
  const places = [...ys.keys()].filter((place) => ys[place] != null);
  const half = places.length > 1 ? (xs[places[1]] - xs[places[0]]) / 2 : 0;
  // A bin whose middle is beside the plot may reach into it.
  const isSeen = (n) => places[n + 1] >= first && places[n - 1] <= last;
  return places
    .filter((place, n) => (place >= first && place <= last) || isSeen(n))
    .map((place) => [xs[place] - half, xs[place] + half, ys[place]]);
}

/**
 * The places of the points that no line reaches: the only one of a line, or one between two gaps.
 *
 * @param {(number | null | undefined)[]} y null is a gap, undefined where only another line has a point
 * @returns {number[] | null} null: there are none
 */
export function lonePoints(y) {
  const places = [...y.keys()].filter((place) => y[place] !== undefined);
  const isGap = (n) => y[places[n]] == null;
  const lone = places.filter((_, n) => !isGap(n) && isGap(n - 1) && isGap(n + 1));
  return lone.length > 0 ? lone : null;
}

/** A dashed line across the plot at a value, its name beside it. */
export function drawRule(u, { axis, at, label, isAtTop }, color, font) {
  const { left, top, width, height } = u.bbox;
  const place = u.valToPos(at, axis, true);
  const [first, last] = axis === "x" ? [left, left + width] : [top, top + height];
  if (place < first || place > last) return;
  const ratio = devicePixelRatio || 1;
  const { ctx } = u;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.fillStyle = color;
  ctx.lineWidth = ratio;
  ctx.setLineDash([4 * ratio, 4 * ratio]);
  ctx.beginPath();
  ctx.moveTo(axis === "x" ? place : left, axis === "x" ? top : place);
  ctx.lineTo(axis === "x" ? place : left + width, axis === "x" ? top + height : place);
  ctx.stroke();
  ctx.font = font.replace("12px", `${12 * ratio}px`);
  const isRight = axis === "x" && place > left + width / 2;
  ctx.textAlign = isRight ? "right" : "left";
  const gap = 5 * ratio;
  const line = isAtTop ? top + 12 * ratio : top + height - gap;
  if (axis === "x") ctx.fillText(label, place + (isRight ? -gap : gap), line);
  else ctx.fillText(label, left + gap, place - gap);
  ctx.restore();
}
