// The scales of the what-if sliders: from a value to a position and back.

/** The range of each slider: typical transits, far narrower than the accepted range. */
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

/** Slider positions go from 0 to this. */
export const PLACES = 1000;

const LOG_DIGITS = 4;
const LINEAR_DECIMALS = 3;

/** The scale of a column's slider, widened to include a value. */
export function scaleOf(column, value) {
  const scale = SLIDERS[column];
  if (value === null || (scale.isLog && value <= 0)) return scale;
  return { ...scale, low: Math.min(scale.low, value), high: Math.max(scale.high, value) };
}

/** The position of a value on a slider. */
export function placeOf(value, { low, high, isLog }) {
  const share = isLog
    ? Math.log(Math.max(value, low) / low) / Math.log(high / low)
    : (value - low) / (high - low);
  return Math.round(Math.min(Math.max(share, 0), 1) * PLACES);
}

/** The value at a slider position, rounded to the slider's resolution. */
export function valueAt(place, { low, high, isLog }) {
  const share = place / PLACES;
  if (isLog) return Number((low * (high / low) ** share).toPrecision(LOG_DIGITS));
  return Number((low + (high - low) * share).toFixed(LINEAR_DECIMALS));
}
