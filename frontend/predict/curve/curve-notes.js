// Whether the prediction that is shown rests on the light curve as it stands in the form, in words.

import { isSent } from "./curve-state.js";

/**
 * @param {object} properties
 * @param {number | null} properties.sent the number of the light curve that the prediction was made with
 * @param {import("./curve-state.js").Curve} properties.curve in the form; without files if none is taken
 * @param {boolean} properties.isTypedSince the numbers have changed since
 * @param {boolean} properties.isWhatIf the sliders are shown
 * @param {boolean} properties.hasCurve what was asked for by Predict was made with a light curve
 * @returns {string | null} a key of the dictionary
 */
export function curveNote({ sent, curve, isTypedSince, isWhatIf, hasCurve }) {
  const isChosen = curve.files.length > 0;
  if (isWhatIf) return hasCurve || isChosen ? "predict.curve.note.whatIf" : null;
  if (sent === null) return isChosen ? "predict.curve.note.without" : null;
  if (!isChosen) return "predict.curve.note.takenOut";
  if (!isSent(curve, sent)) return "predict.curve.note.before";
  return isTypedSince ? "predict.curve.note.with" : null;
}
