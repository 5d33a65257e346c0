// The settings of a study: those of a session but for its test fraction, and how often it is trained.

import { t } from "../lib/i18n.js";
import { INITIAL_TEXTS, rangeText, readSettings, settingsOf } from "../training/form/training-settings.js";

/** How many folds and seeds, as the API documents them. */
export const COUNTS = {
  folds: { initial: 5, min: 2, max: 20 },
  seeds: { initial: 1, min: 1, max: 10 },
};

/** In a study a validation fraction is of the rows of the other folds. */
const VALIDATION = { min: 0.05, max: 0.4 };

const NAME = /^[A-Za-z0-9_-]{1,48}$/;

const NOT_ASKED = ["model_name", "test_split"];

/** The form before anything was typed. */
export const INITIAL = {
  ...INITIAL_TEXTS,
  name: "study",
  ...Object.fromEntries(Object.entries(COUNTS).map(([name, { initial }]) => [name, String(initial)])),
};

/** The settings that the form asks for with a network. */
export function studySettingsOf(network, texts) {
  return settingsOf(network, texts).filter((name) => !NOT_ASKED.includes(name));
}

/**
 * Reads the texts of the form.
 *
 * @param {Record<string, string>} texts
 * @returns {{values: object, errors: Record<string, string>}} a setting is in one of the two
 */
export function readStudy(texts) {
  const { values, errors } = readSettings({ ...texts, model_name: INITIAL_TEXTS.model_name, test_split: "0" });
  for (const name of NOT_ASKED) delete values[name];
  if (values.validation_split > VALIDATION.max) {
    errors.validation_split = t("training.error.number", { range: rangeText(VALIDATION) });
    delete values.validation_split;
  }
  const name = texts.name.trim();
  if (NAME.test(name)) values.name = name;
  else errors.name = t("studies.error.name");
  for (const [count, range] of Object.entries(COUNTS)) {
    const text = texts[count].trim();
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= range.min && value <= range.max) values[count] = value;
    else errors[count] = t("training.error.whole", { range: rangeText(range) });
  }
  return { values, errors };
}

/** How many sessions a study has; null while a number cannot be read. */
export function sessionsOf({ folds, seeds }) {
  return folds && seeds ? folds * seeds : null;
}
