// What the kinds of studies differ in where the page shows any of them: their sizes in words.

import { number, t } from "../lib/i18n.js";
import { networkName } from "../training/network-choice.js";
import { settingName } from "../training/setting-field.js";

export const KINDS = ["folds", "grid"];

/** How many sessions a study has. */
export function sessionCount({ folds, differences, seeds }) {
  return seeds.length * (folds ?? differences.length + 1);
}

/** "3 settings × 2 seeds". */
export function sizeText({ folds, differences, seeds }) {
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
