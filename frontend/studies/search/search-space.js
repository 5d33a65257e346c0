// The space and the budget of a search as they are typed, and what they are as a request.

import { number, t } from "../../lib/i18n.js";
import { SETTINGS } from "../../training/form/training-settings.js";

/** What a search may change, as the API has it: ranges of numbers, and choices. */
export const RANGES = ["learning_rate", "batch_size", "patience", "ensemble"];
export const CHOICES = ["network", "use_relations"];

export const BUDGET = {
  trials: { min: 1, max: 200 },
  minutes: { min: 1, max: 10080 },
  parallel: { min: 1, max: 4 },
};

/** Before anything was typed: the learning rate is searched, in twenty trials. */
export const INITIAL_SPACE = {
  searched: ["learning_rate"],
  ranges: {
    learning_rate: { low: "0.0001", high: "0.01", log: true },
    batch_size: { low: "32", high: "512", log: true },
    patience: { low: "5", high: "20", log: false },
    ensemble: { low: "1", high: "5", log: false },
  },
  networks: [],
  budget: { trials: "20", minutes: "", parallel: "1" },
  pruning: true,
};

export const INITIAL_SEARCH = JSON.stringify(INITIAL_SPACE);

/** What a draft holds; what cannot be read is as at first. */
export function spaceOf(text) {
  try {
    const read = JSON.parse(text);
    return {
      ...INITIAL_SPACE,
      ...read,
      ranges: { ...INITIAL_SPACE.ranges, ...read.ranges },
      budget: { ...INITIAL_SPACE.budget, ...read.budget },
    };
  } catch {
    return INITIAL_SPACE;
  }
}

/** A setting is searched, or no more. */
export function toggle(space, name) {
  const has = space.searched.includes(name);
  const searched = has ? space.searched.filter((each) => each !== name) : [...space.searched, name];
  return { ...space, searched };
}

export const changeRange = (space, name, patch) => ({
  ...space,
  ranges: { ...space.ranges, [name]: { ...space.ranges[name], ...patch } },
});

export const changeBudget = (space, patch) => ({ ...space, budget: { ...space.budget, ...patch } });

/** A network is among those that are tried, or no more. */
export function toggleNetwork(space, name) {
  const networks = space.networks.includes(name)
    ? space.networks.filter((each) => each !== name)
    : [...space.networks, name];
  return { ...space, networks };
}

/**
 * Reads what was typed.
 *
 * @param {string} text of the draft
 * @param {Record<string, unknown>} base the settings of the first trial that could be read, `network` among them
 * @returns {{values: object, errors: Record<string, string>}} errors by field, as the API names them
 */
export function readSearch(text, base) {
  const space = spaceOf(text);
  const errors = {};
  const found = {};
  for (const name of RANGES.filter((each) => space.searched.includes(each))) {
    const range = readRange(name, space.ranges[name], base[name], errors);
    if (range) found[name] = range;
  }
  if (space.searched.includes("network")) {
    const choices = [...new Set([base.network, ...space.networks])].filter(Boolean);
    if (choices.length > 1) found.network = { choices };
    else errors["space.network"] = t("search.error.network");
  }
  if (space.searched.includes("use_relations")) found.use_relations = { choices: [true, false] };
  if (space.searched.length === 0) errors.space = t("search.error.space");
  const budget = readBudget(space.budget, errors);
  return { values: { space: found, ...budget, pruning: space.pruning }, errors };
}

function readRange(name, { low, high, log }, first, errors) {
  const setting = SETTINGS[name];
  const ends = { low: readNumber(low), high: readNumber(high) };
  for (const [end, value] of Object.entries(ends)) {
    const isWhole = setting.kind !== "whole" || Number.isInteger(value);
    if (value >= setting.min && value <= setting.max && isWhole) continue;
    const key = setting.kind === "whole" ? "training.error.whole" : "training.error.number";
    const range = t("training.range", { min: number(setting.min, 6), max: number(setting.max, 6) });
    errors[`space.${name}.${end}`] = t(key, { range });
  }
  if (errors[`space.${name}.low`] || errors[`space.${name}.high`]) return null;
  if (!(ends.low < ends.high)) errors[`space.${name}.high`] = t("search.error.order");
  else if (first < ends.low || first > ends.high) {
    errors[`space.${name}`] = t("search.error.first", { value: number(first, 6) });
  } else return { ...ends, log };
  return null;
}

function readBudget(texts, errors) {
  const budget = {};
  for (const [name, { min, max }] of Object.entries(BUDGET)) {
    const text = texts[name].trim();
    if (text === "" && name !== "parallel") continue;
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) budget[name] = value;
    else {
      const range = t("training.range", { min: number(min), max: number(max) });
      errors[name] = t("training.error.whole", { range });
    }
  }
  const hasNone = texts.trials.trim() === "" && texts.minutes.trim() === "";
  if (hasNone) errors.trials = t("search.error.budget");
  return budget;
}

function readNumber(text) {
  const plain = text.trim().replace(",", ".");
  return plain === "" ? NaN : Number(plain);
}
