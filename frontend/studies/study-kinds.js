// What the kinds of studies differ in where the page shows any of them: their sizes in words.

import { number, t } from "../lib/i18n.js";
import { networkName } from "../training/form/network-choice.js";
import { settingName } from "../training/form/setting-field.js";
import { budgetText } from "./search/trial-words.js";

export const KINDS = ["folds", "grid", "search"];

/** How many sessions a study has. */
export function sessionCount({ folds, differences, seeds, search }) {
  if (search) return search.added;
  return seeds.length * (folds ?? differences.length + 1);
}

/** How many sessions are in each state; in a search the pruned ones are told from the cancelled. */
export function countsOf({ counts, search }) {
  if (!search?.tried) return counts;
  const found = { ...counts, cancelled: 0, pruned: 0 };
  for (const { status } of search.tried) {
    if (status === "cancelled" || status === "pruned") found[status] += 1;
  }
  return found;
}

/**
 * Whether a retry has something to do: a stopped search goes on; a trial that diverged has its result, and
 * one that had not begun when the minutes were over came too late.
 */
export function mayRetry(study) {
  const { failed, cancelled } = countsOf(study);
  const isOver = study.search?.state === "minutes";
  const results = (study.sessions ?? []).filter(
    ({ trial, error, status, epochs_completed: done }) =>
      trial !== null && (error?.reason === "diverged" || (isOver && status === "cancelled" && done === 0)),
  );
  if (failed + cancelled > results.length) return true;
  return ["stopped", "cancelled", "failures", "no_space", "dataset_deleted"].includes(study.search?.state);
}

/** "3 settings × 2 seeds", "4 of 20 trials". */
export function sizeText({ folds, differences, seeds, search }) {
  if (search) return budgetText(search);
  return partsText(folds ? { folds } : { settings: differences.length + 1 }, seeds.length);
}

/** The same of a study that is not started. */
export function partsText({ folds, settings }, seeds) {
  const parts = settings
    ? t("grid.settings.count", { count: settings })
    : t("studies.folds.count", { count: folds });
  return `${parts} × ${t("studies.seeds.count", { count: seeds })}`;
}

/** The words of a setting of a grid: its label, what differs, or that it is the base. */
export function settingText({ differences }, setting) {
  if (setting === 0) return t("grid.base");
  const { label, changes } = differences[setting - 1];
  const texts = (write) => Object.entries(changes).map(write).join(", ");
  // A label that the server made of the changes is in its words; the page has its own for them.
  const isMade = label === texts(([name, value]) => `${name} ${typeof value === "boolean" ? onOrOff(value) : value}`);
  const said = ([name, value]) => t("grid.change", { name: settingName(name), value: valueText(name, value) });
  return isMade ? texts(said) : label;
}

const onOrOff = (value) => (value ? "on" : "off");

/** A value of a setting as it is shown. */
export function valueText(name, value) {
  if (name === "network") return networkName(value);
  if (typeof value === "boolean") return t(value ? "grid.on" : "grid.off");
  return number(value, 6);
}
