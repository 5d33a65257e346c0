// Where trials are drawn, and in which order they are listed; without markup.

/** Trials with a figure, and a finite one. */
export const measured = (tried) => tried.filter(({ value }) => Number.isFinite(value));

/** The order of a table: by a column, up or down; what has no value is last. */
export function sorted(tried, { column, isDown }) {
  const valueOf = (trial) => (column in trial ? trial[column] : trial.settings[column]);
  const compare = (one, other) => {
    const [first, second] = [valueOf(one), valueOf(other)];
    if (first === null || second === null) return (first === null) - (second === null);
    const order = typeof first === "string" ? first.localeCompare(second) : first - second;
    return isDown ? -order : order;
  };
  return [...tried].sort((one, other) => compare(one, other) || one.number - other.number);
}

/**
 * The axes of a parallel plot: one for each setting that is searched, then one for the figure.
 *
 * @param {object} space of the search, as the API gives it
 * @param {object[]} tried trials
 * @returns {{name: string, low: unknown, high: unknown, place: (trial: object) => number | null}[]} places from
 *   0, the low end, to 1
 */
export function axesOf(space, tried) {
  const settings = Object.entries(space).map(([name, part]) =>
    part.choices ? axisOfChoices(name, part.choices) : axisOfRange(name, part),
  );
  const values = measured(tried).map(({ value }) => value);
  if (values.length === 0) return settings;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const place = ({ value }) => (Number.isFinite(value) ? placeOf(value, low, high) : null);
  return [...settings, { name: "value", low, high, place }];
}

function axisOfRange(name, { low, high, log }) {
  const scale = log ? Math.log : (value) => value;
  const place = ({ settings }) => placeOf(scale(settings[name]), scale(low), scale(high));
  return { name, low, high, place };
}

function axisOfChoices(name, choices) {
  const place = ({ settings }) => choices.indexOf(settings[name]) / (choices.length - 1);
  return { name, low: choices[0], high: choices.at(-1), place };
}

const placeOf = (value, low, high) => (high > low ? (value - low) / (high - low) : 0.5);

/** What a plot shows of a range: a little more, so that no point lies on the edge. */
export function shownRange({ low, high, log }) {
  if (log) {
    const factor = (high / low) ** 0.05;
    return [low / factor, high * factor];
  }
  const margin = (high - low) * 0.05;
  return [low - margin, high + margin];
}

/** The best of some values of a setting, and the worst: what a plot says in words. */
export function extremes(tried) {
  const order = sorted(measured(tried), { column: "value", isDown: false });
  return order.length === 0 ? null : { best: order[0], worst: order.at(-1), count: order.length };
}
