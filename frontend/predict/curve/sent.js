// Light curves that were sent with a candidate: a file goes to the server once, when Predict is pressed.

import { upload } from "../../lib/api.js";
import { createStore } from "../../lib/store.js";
import { whenSignedOut } from "../../lib/settings.js";

/** How far the one is that is being sent: `share` of its bytes, 1 while the server reads them; null: none is. */
export const sending = createStore({ share: null });

/** By its number: the light curve, and the server's answer once it has come. */
const kept = new Map();
let last = 0;

whenSignedOut(() => kept.clear());

/** Keeps a light curve for the questions that name it by the number that is returned. */
export function keep(curve) {
  last += 1;
  kept.set(last, { curve, answer: null });
  return last;
}

/** The light curve with a number; null: there is none. */
export function keptCurve(number) {
  return kept.get(number)?.curve ?? null;
}

/**
 * Sends a candidate with its light curve, unless it was answered before.
 *
 * @param {number} number of the light curve
 * @param {object} fields of the candidate, the model and the workspace, null where unknown
 * @param {AbortSignal} signal
 * @returns {Promise<object>} the answer of `POST /api/predict`
 */
export async function sendWithCurve(number, fields, signal) {
  const entry = kept.get(number);
  if (entry.answer === null) entry.answer = await send(formOf(fields, entry.curve), signal);
  return entry.answer;
}

/** The form that the server takes; what is unknown is left out. */
export function formOf(fields, { files, epoch, isSameStar, time_system, flux }) {
  const said = { ...fields, epoch, time_system, flux, same_star: isSameStar ? "true" : "" };
  const form = new FormData();
  for (const [name, value] of Object.entries(said)) {
    if (value !== null && value !== undefined && value !== "") form.set(name, String(value));
  }
  for (const file of files) form.append("file", file);
  return form;
}

async function send(form, signal) {
  sending.set({ share: 0 });
  try {
    return (await upload("/api/predict", form, (share) => sending.set({ share }), { signal })).body;
  } finally {
    sending.set({ share: null });
  }
}
