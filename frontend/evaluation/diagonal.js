// The line of a plot on which both axes have the same value.

/** A line of a `Chart`, thin and quiet, over a range. */
export function diagonal(label, range = [0, 1]) {
  return { label, x: range, y: range, color: "--text-quiet", dash: [6, 4], width: 1.5 };
}
