// The columns that a catalogue is read for, with units and ranges, and the classes: as in backend/transit/columns.py.

import { t } from "./i18n.js";

/** The classes, in the order of the model's probabilities. */
export const CLASSES = ["CANDIDATE", "CONFIRMED", "FALSE POSITIVE"];

export const REQUIRED = ["period", "duration", "depth"];

/** Columns whose values may be missing. */
export const FEATURES = ["impact", "snr", "steff", "srad", "slogg", "tmag"];

export const COLUMNS = [...REQUIRED, ...FEATURES];

/** The smallest and the largest value accepted. */
export const RANGES = {
  period: [0.01, 1e6],
  duration: [0.01, 1000],
  depth: [0.01, 2e6],
  impact: [0, 1000],
  snr: [0, 1e7],
  steff: [500, 200_000],
  srad: [0.001, 3000],
  slogg: [-3, 10],
  tmag: [-10, 40],
};

/** The units, as the dictionary names them: `unit.days` and so on. */
export const UNITS = {
  period: "days",
  duration: "hours",
  depth: "ppm",
  impact: "stellarRadii",
  snr: null,
  steff: "K",
  srad: "solarRadii",
  slogg: "dex",
  tmag: "mag",
};

export const HOURS_A_DAY = 24;

/** What a column is called; `label` and `star` too. */
export function columnName(column) {
  return t(`parameter.${column}`);
}

/** A column's unit in words; empty where it has none. */
export function unitOf(column) {
  return UNITS[column] ? t(`unit.${UNITS[column]}`) : "";
}
