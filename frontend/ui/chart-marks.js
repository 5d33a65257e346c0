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
