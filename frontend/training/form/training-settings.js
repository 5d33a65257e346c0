// The settings of a session: defaults and ranges as the API documents them, and their validation.

import { number, t } from "../../lib/i18n.js";

/**
 * Held equal to the StartRequest of `/api/openapi.json` by a test. `network` is not here: the API
 * gives its default with the list of networks.
 */
export const SETTINGS = {
  model_name: { kind: "name", initial: "exoplanet_model" },
  epochs: { kind: "whole", initial: 50, min: 1, max: 1000 },
  batch_size: { kind: "whole", initial: 128, min: 8, max: 4096 },
  learning_rate: { kind: "real", initial: 0.002, min: 1e-6, max: 1 },
  validation_split: { kind: "real", initial: 0.15, min: 0.05, max: 0.5 },
  test_split: { kind: "real", initial: 0.15, min: 0.05, max: 0.5, orZero: true },
  patience: { kind: "whole", initial: 10, min: 1, max: 1000 },
  seed: { kind: "whole", initial: 0, min: 0, max: 2 ** 31 - 1 },
  ensemble: { kind: "whole", initial: 1, min: 1, max: 20 },
  use_relations: { kind: "flag", initial: true },
  use_stellar_uncertainties: { kind: "flag", initial: false },
  use_kinds: { kind: "flag", initial: true },
};

/** What a session reserves of a cluster; left empty, as the server's settings say. */
export const RESOURCES = {
  cpus: { kind: "whole", initial: "", min: 1, max: 64 },
  gpus: { kind: "real", initial: "", min: 0, max: 64, leastPart: 0.01 },
  memory_mb: { kind: "whole", initial: "", min: 800, max: 10_000_000 },
};

const RELATED = ["use_relations", "use_stellar_uncertainties"];

/**
 * The settings that a network has; without relations there are no uncertainties of the star either, and
 * only a network that reads light curves learns kinds.
 */
export function settingsOf(network, texts) {
  return Object.keys(SETTINGS).filter((name) => {
    if (name === "use_kinds") return Boolean(network.takes_curves);
    if (!RELATED.includes(name)) return true;
    return network.takes_relations && (name === RELATED[0] || texts[RELATED[0]] === "true");
  });
}

/** The two splits together, so that something is left to train on. */
export const MAX_HELD_OUT = 0.9;

const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** The form before anything was typed: texts, since what is typed is kept as it is. */
export const INITIAL_TEXTS = Object.fromEntries(
  Object.entries({ ...SETTINGS, ...RESOURCES }).map(([name, { initial }]) => [name, String(initial)]),
);

/**
 * Reads the texts of a form.
 *
 * @param {Record<string, string>} texts by the settings' names
 * @returns {{values: object, errors: Record<string, string>}} a setting is in one of the two
 */
export function readSettings(texts) {
  const values = {};
  const errors = {};
  for (const [name, setting] of Object.entries(SETTINGS)) {
    const value = readText(setting, texts[name]);
    const error = problemOf(setting, value);
    if (error) errors[name] = error;
    else values[name] = value;
  }
  for (const [name, setting] of Object.entries(RESOURCES)) {
    const value = texts[name]?.trim() ? readNumber(texts[name]) : null;
    const error = value === null ? null : problemOf(setting, value);
    if (error) errors[name] = error;
    else values[name] = value;
  }
  // Compared in thousandths, which 0.45 + 0.45 reaches exactly.
  const heldOut = Math.round((values.validation_split + values.test_split) * 1000) / 1000;
  if (heldOut > MAX_HELD_OUT) {
    errors.test_split = t("training.error.heldOut", { most: MAX_HELD_OUT, sum: heldOut });
  }
  return { values, errors };
}

/** The range of a number setting, in words. */
export function rangeText({ min, max, orZero, leastPart }) {
  if (leastPart) return t("training.range.parts", { max: number(max, 6), least: number(leastPart, 6) });
  const key = orZero ? "training.range.orZero" : "training.range";
  return t(key, { min: number(min, 6), max: number(max, 6) });
}

function readText({ kind }, text) {
  if (kind === "flag") return text === "true";
  return kind === "name" ? text.trim() : readNumber(text);
}

/** A number as it is typed in either language: 0.15, 0,15 or 2e-3; NaN for anything else. */
function readNumber(text) {
  const plain = text.trim().replace(",", ".");
  return plain === "" ? NaN : Number(plain);
}

function problemOf(setting, value) {
  if (setting.kind === "flag") return null;
  if (setting.kind === "name") return NAME.test(value) ? null : t("training.error.name");
  const { min, max, orZero, kind, leastPart } = setting;
  const isInRange = (value >= min && value <= max) || (orZero && value === 0);
  const isPart = kind === "real" && (!leastPart || (value >= leastPart && value <= 1));
  if (isInRange && (isPart || Number.isInteger(value))) return null;
  const key = kind === "whole" ? "training.error.whole" : "training.error.number";
  return t(key, { range: rangeText(setting) });
}
