// Where the differences of the settings of a grid are drawn, and which settings differ; without markup.

/**
 * The differences of one figure, as a plot has them: better is to the right, 1 is the farthest end of any interval.
 *
 * @param {object[]} settings as the API gives them
 * @param {{name: string, better: 1 | -1}} figure
 * @returns {{setting: number, at: number, low: number, high: number, verdict: string}[]} from -1 to 1
 */
export function gridPlaces(settings, figure) {
  const known = settings
    .map(({ setting, differences }) => ({ setting, ...differences?.[figure.name] }))
    .filter(({ interval }) => interval);
  const ends = known.flatMap(({ difference, interval }) => [difference, ...interval]);
  const farthest = Math.max(...ends.map(Math.abs), Number.EPSILON);
  const place = (value) => (figure.better * value) / farthest;
  return known.map(({ setting, difference, interval, verdict }) => {
    const [low, high] = interval.map(place).sort((a, b) => a - b);
    return { setting, at: place(difference), low, high, verdict };
  });
}

/** The settings by what is told of them, by one figure. */
export function byVerdict(settings, figure) {
  const found = { better: [], worse: [], cannot_tell: [] };
  for (const { setting, differences } of settings) {
    if (differences) found[differences[figure.name].verdict].push(setting);
  }
  return found;
}
