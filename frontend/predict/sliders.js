// Sliders for a candidate's numbers: where they move, and what a place on them means.

/** Where a slider moves: what transits mostly have, far less than what can be computed with. */
export const SLIDERS = {
  period: { low: 0.3, high: 1000, isLog: true, usual: 10 },
  duration: { low: 0.3, high: 50, isLog: true, usual: 4 },
  depth: { low: 10, high: 500_000, isLog: true, usual: 1000 },
  impact: { low: 0, high: 1.5, usual: 0.3 },
  snr: { low: 1, high: 5000, isLog: true, usual: 30 },
  steff: { low: 2500, high: 12_000, isLog: true, usual: 5772 },
  srad: { low: 0.1, high: 100, isLog: true, usual: 1 },
  slogg: { low: 0, high: 5.5, usual: 4.44 },
  tmag: { low: 4, high: 20, usual: 13 },
};

/** The places of a slider: 0 to this. */
export const PLACES = 1000;

const LOG_DIGITS = 4;
const LINEAR_DECIMALS = 3;

/** Where the slider of a column moves, so that a value is on it. */
export function scaleOf(column, value) {
  const scale = SLIDERS[column];
  if (value === null || (scale.isLog && value <= 0)) return scale;
  return { ...scale, low: Math.min(scale.low, value), high: Math.max(scale.high, value) };
}

/** The place of a value on a slider. */
export function placeOf(value, { low, high, isLog }) {
  const share = isLog
    ? Math.log(Math.max(value, low) / low) / Math.log(high / low)
    : (value - low) / (high - low);
  return Math.round(Math.min(Math.max(share, 0), 1) * PLACES);
}

/** The value at a place of a slider, with as many digits as the place tells. */
export function valueAt(place, { low, high, isLog }) {
  const share = place / PLACES;
  if (isLog) return Number((low * (high / low) ** share).toPrecision(LOG_DIGITS));
  return Number((low + (high - low) * share).toFixed(LINEAR_DECIMALS));
}
