// The settings of a study: those of a session, what its kind has besides, and how often it is trained.

import { t } from "../lib/i18n.js";
import { INITIAL_TEXTS, rangeText, readSettings, settingsOf } from "../training/form/training-settings.js";
import { INITIAL_GRID, readGrid } from "./grid/grid-settings.js";
import { INITIAL_SEARCH, readSearch } from "./search/search-space.js";
import { KINDS } from "./study-kinds.js";

/** How many folds and seeds, as the API documents them. */
export const COUNTS = {
  folds: { initial: 5, min: 2, max: 20 },
  seeds: { initial: 1, min: 1, max: 10 },
};

/** In a study of folds a validation fraction is of the rows of the other folds. */
const VALIDATION = { min: 0.05, max: 0.4 };

/** A grid or a search without test rows would have no figures. */
const TEST = { min: 0.05, max: 0.5 };

const NAME = /^[A-Za-z0-9_-]{1,48}$/;

/** What the form does not ask for, by kind. */
const NOT_ASKED = { folds: ["model_name", "test_split"], grid: ["model_name"], search: ["model_name"] };

/** What it asks for besides, by kind: in the order in which it is shown. */
export const OWN = { folds: ["name", "folds", "seeds"], grid: ["name", "seeds"], search: ["name"] };

/** The form before anything was typed. */
export const INITIAL = {
  ...INITIAL_TEXTS,
  kind: KINDS[0],
  name: "study",
  ...Object.fromEntries(Object.entries(COUNTS).map(([name, { initial }]) => [name, String(initial)])),
  settings: INITIAL_GRID,
  search: INITIAL_SEARCH,
};

export const kindOf = ({ kind }) => (KINDS.includes(kind) ? kind : KINDS[0]);

/** The settings that the form asks for with a network. */
export function studySettingsOf(network, texts) {
  return settingsOf(network, texts).filter((name) => !NOT_ASKED[kindOf(texts)].includes(name));
}

/**
 * Reads the texts of the form.
 *
 * @param {Record<string, string>} texts
 * @param {string} network that of the base, chosen or recommended
 * @returns {{values: object, errors: Record<string, string>}} a setting is in one of the two
 */
export function readStudy(texts, network) {
  const kind = kindOf(texts);
  const asked = { ...texts, model_name: INITIAL_TEXTS.model_name };
  const { values, errors } = readSettings(kind === "folds" ? { ...asked, test_split: "0" } : asked);
  for (const name of NOT_ASKED[kind]) delete values[name];
  requireWithin(VALIDATION, "validation_split", values, errors);
  if (kind !== "folds") requireWithin(TEST, "test_split", values, errors);
  const name = texts.name.trim();
  if (NAME.test(name)) values.name = name;
  else errors.name = t("studies.error.name");
  for (const [count, range] of Object.entries(COUNTS).filter(([each]) => OWN[kind].includes(each))) {
    const text = texts[count].trim();
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= range.min && value <= range.max) values[count] = value;
    else errors[count] = t("training.error.whole", { range: rangeText(range) });
  }
  if (kind === "grid") {
    const grid = readGrid(texts.settings, { ...texts, network });
    values.settings = grid.settings;
    Object.assign(errors, grid.errors);
  }
  if (kind === "search") {
    const search = readSearch(texts.search, { ...values, network });
    Object.assign(values, search.values);
    Object.assign(errors, search.errors);
  }
  return { values: { ...values, kind }, errors };
}

function requireWithin(range, name, values, errors) {
  if (!(values[name] < range.min) && !(values[name] > range.max)) return;
  errors[name] = t("training.error.number", { range: rangeText(range) });
  delete values[name];
}

/** How many sessions a study has; null while a number cannot be read, or nobody knows. */
export function sessionsOf({ folds, settings, seeds, space, trials }) {
  if (space) return trials ?? null;
  const parts = settings ? settings.length + 1 : folds;
  return parts && seeds ? parts * seeds : null;
}
