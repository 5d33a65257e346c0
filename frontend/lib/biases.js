// The class biases of a calibration, in words.

import { fixed, t } from "./i18n.js";

/** What is added to the logits of each class: "Candidate +0.31, Confirmed −0.20, False positive −0.11". */
export function biasesText(biases) {
  return Object.entries(biases)
    .map(([label, bias]) => `${t(`class.${label}`)} ${bias > 0 ? "+" : ""}${fixed(bias, 2)}`)
    .join(", ");
}
