// The words of a trial: its settings, its state.

import { number, t } from "../../lib/i18n.js";
import { networkName } from "../../training/form/network-choice.js";

/** A value of a setting as it is shown. */
export function valueText(name, value) {
  if (name === "network") return networkName(value);
  if (typeof value === "boolean") return t(value ? "search.on" : "search.off");
  return name === "learning_rate" ? String(number(Number(value.toPrecision(3)), 8)) : number(value, 0);
}

/** How much was asked for, and how many trials there are. */
export function budgetText({ trials, minutes, added }) {
  const parts = [t("search.added", { count: added })];
  if (trials !== null) parts.push(t("search.of.trials", { count: trials }));
  if (minutes !== null) parts.push(t("search.of.minutes", { count: minutes }));
  return parts.join(" · ");
}
