// The columns that a catalogue is read for, with units and ranges, and the classes: as in backend/transit/columns.py.

import { t } from "./i18n.js";

/** The classes, in the order of the model's probabilities. */
export const CLASSES = ["CANDIDATE", "CONFIRMED", "FALSE POSITIVE"];

export const REQUIRED = ["period", "duration", "depth"];

/** Columns whose values may be missing. */
export const FEATURES = ["impact", "snr", "steff", "srad", "slogg", "tmag"];

export const COLUMNS = [...REQUIRED, ...FEATURES];

/** What a table may tell besides: EVIDENCE_UNITS in backend/transit/columns.py. */
export const EVIDENCE = [
  "epoch",
  "ra",
  "dec",
  "period_err",
  "epoch_err",
  "duration_err",
  "depth_err",
  "impact_err",
  "steff_err",
  "srad_err",
  "slogg_err",
];

/** What it may say for the learning alone: TEACHING in backend/transit/columns.py. */
export const TEACHING = ["kind", "weight"];

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
  epoch: "BJD",
  ra: "degrees",
  dec: "degrees",
  period_err: "days",
  epoch_err: "days",
  duration_err: "hours",
  depth_err: "ppm",
  impact_err: "stellarRadii",
  steff_err: "K",
  srad_err: "solarRadii",
  slogg_err: "dex",
};

export const HOURS_A_DAY = 24;

/** What a column is called; `label`, `star`, `name` and the items of EVIDENCE too. */
export function columnName(column) {
  return t(`parameter.${column}`);
}

/** A column's unit in words; empty where it has none. */
export function unitOf(column) {
  return UNITS[column] ? t(`unit.${UNITS[column]}`) : "";
}
