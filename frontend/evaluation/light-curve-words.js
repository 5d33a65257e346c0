// What light curves are worth to a network, in a sentence, and where something else tells the label.

import { signed } from "../lib/figures.js";
import { fixed, t } from "../lib/i18n.js";

/** From this ROC AUC on, a number tells enough of the label to be a caveat. */
const TELLS = 0.6;

const AUC = { write: (value) => fixed(value, 3) };

/** The sentence on the rows that have a light curve: with it, and with it hidden. */
export function worth({ with_curve: shown, curve_hidden: hidden }) {
  const { rows: count } = shown;
  if (count === 0) return t("evaluation.curves.worth.none");
  const [after, before] = [shown, hidden].map(({ settled }) => settled?.roc_auc ?? null);
  if (after === null || before === null) return t("evaluation.curves.worth.unknown", { count });
  const difference = after - before;
  const kind = difference > 0 ? "better" : difference < 0 ? "worse" : "same";
  const values = { count, before: AUC.write(before), after: AUC.write(after), difference: signed(AUC, difference) };
  const said = t(`evaluation.curves.worth.${kind}`, values);
  const intervals = [shown, hidden].map(({ settled }) => settled.intervals?.roc_auc ?? null);
  return kind !== "same" && overlap(...intervals) ? `${said} ${t("evaluation.curves.worth.overlap")}` : said;
}

/** What a network could learn instead of the photometry: whether there is a curve, and of how many segments. */
export function cautions({ tells_label: tells }) {
  return ["has_curve", "segments"]
    .filter((name) => (tells?.[name] ?? 0) >= TELLS)
    .map((name) => t(`evaluation.curves.caution.${name}`, { auc: fixed(tells[name], 2) }));
}

function overlap(one, other) {
  return one !== null && other !== null && one[0] <= other[1] && other[0] <= one[1];
}
