// What light curves are worth to a network, in a sentence, and where something else tells the label.

import { signed } from "../lib/figures.js";
import { fixed, t } from "../lib/i18n.js";

/** From this ROC AUC on, a number tells enough of the label to be a caveat. */
const TELLS = 0.6;

const AUC = { write: (value) => fixed(value, 3) };

/** The sentence on the rows that have a light curve, with it and with it hidden, and how sure the difference is. */
export function worth({ with_curve: shown, curve_hidden: hidden, difference: paired }) {
  const { rows: count } = shown;
  if (count === 0) return t("evaluation.curves.worth.none");
  const [after, before] = [shown, hidden].map(({ settled }) => settled?.roc_auc ?? null);
  if (after === null || before === null) return t("evaluation.curves.worth.unknown", { count });
  const difference = after - before;
  const kind = difference > 0 ? "better" : difference < 0 ? "worse" : "same";
  const values = { count, before: AUC.write(before), after: AUC.write(after), difference: signed(AUC, difference) };
  const said = t(`evaluation.curves.worth.${kind}`, values);
  return kind === "same" ? said : `${said} ${certainty(paired?.settled?.roc_auc)}`;
}

/** What a network could learn instead of the photometry: whether there is a curve, and of how many segments. */
export function cautions({ tells_label: tells }) {
  return ["has_curve", "segments"]
    .filter((name) => (tells?.[name] ?? 0) >= TELLS)
    .map((name) => t(`evaluation.curves.caution.${name}`, { auc: fixed(tells[name], 2) }));
}

/** Whether a paired difference is more than chance; evaluations of earlier versions have none. */
function certainty(paired) {
  if (!paired) return t("evaluation.curves.worth.notMeasured");
  if (!paired.interval) return t("evaluation.curves.worth.tooFew");
  const [low, high] = paired.interval.map((each) => signed(AUC, each));
  const kind = paired.verdict === "cannot_tell" ? "cannotTell" : "certain";
  return t(`evaluation.curves.worth.${kind}`, { low, high });
}
