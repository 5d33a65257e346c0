// The light curve that goes with the candidate that is typed: its files and what is said of them.

import { READING } from "../../lib/curves-learnt.js";
import { t } from "../../lib/i18n.js";
import { explain } from "../../lib/notices.js";
import { whenSignedOut } from "../../lib/settings.js";
import { createStore, useStore } from "../../lib/store.js";
import { readNumber } from "../candidate.js";
import { keep, keptCurve } from "./sent.js";

/**
 * @typedef {object} Curve
 * @property {File[]} files
 * @property {string} epoch as typed
 * @property {boolean} isSameStar the files are of the candidate's star, whatever star they name
 * @property {string} time_system
 * @property {string} flux
 */
export const NO_CURVE = { files: [], epoch: "", isSameStar: false, time_system: "", flux: "" };

// BJD, as the server takes it.
const [FIRST_EPOCH, LAST_EPOCH] = [2_400_000, 2_500_000];

const FIELDS = ["file", "epoch", "time_system", "flux"];

const NOTHING = { workspaceId: null, curve: NO_CURVE, asked: {} };

// It stays while other pages are looked at; a reload forgets it, since files cannot be kept.
const chosen = createStore(NOTHING);

whenSignedOut(() => chosen.set(NOTHING));

/**
 * The light curve of a workspace's form.
 *
 * @param {{id: number}} workspace
 * @returns {{curve: Curve, change: (patch: object) => void, numberAt: (address: string) => number | null,
 *   askAt: (address: string, curve: Curve | null) => void}} `askAt` is called when Predict is pressed: the
 *   candidate at that address is asked with this light curve, or without one; `numberAt` is that of `keep`
 */
export function useCurve(workspace) {
  const state = useStore(chosen);
  const own = state.workspaceId === workspace.id ? state : NOTHING;
  const set = (patch) => chosen.set({ ...ownState(workspace), ...patch });
  return {
    curve: own.curve,
    change: (patch) => set({ curve: { ...ownState(workspace).curve, ...patch } }),
    numberAt: (address) => own.asked[address] ?? null,
    askAt: (address, curve) =>
      set({ asked: { ...ownState(workspace).asked, [address]: curve === null ? null : keep(read(curve)) } }),
  };
}

function ownState(workspace) {
  const state = chosen.get();
  return state.workspaceId === workspace.id ? state : { ...NOTHING, workspaceId: workspace.id };
}

/** Whether the chosen model reads light curves; "" is the current one. */
export function readsCurves(models, chosenId) {
  const model = models.find((each) => (chosenId === "" ? each.is_current : String(each.id) === chosenId));
  return READING.includes(model?.network);
}

/** The light curve as it is sent. */
function read(curve) {
  return { ...curve, epoch: readNumber(curve.epoch), time_system: curve.time_system.trim() };
}

/** What is wrong with the epoch, which is needed with a file; null: nothing. */
export function epochError({ files, epoch }) {
  if (files.length === 0) return null;
  if (epoch.trim() === "") return t("predict.error.required");
  const value = readNumber(epoch);
  if (Number.isNaN(value)) return t("predict.error.number");
  const range = { low: FIRST_EPOCH, high: LAST_EPOCH };
  return value < FIRST_EPOCH || value > LAST_EPOCH ? t("predict.curve.epochRange", range) : null;
}

/** Whether a light curve is the one that was sent under a number. */
export function isSent(curve, number) {
  const sent = keptCurve(number);
  if (sent === null) return false;
  const { files, ...others } = read(curve);
  const isSameFiles = files.length === sent.files.length && files.every((file, n) => file === sent.files[n]);
  return isSameFiles && Object.entries(others).every(([name, value]) => Object.is(sent[name], value));
}

/** The files of a choice and further ones; one that is chosen again counts once. */
export function withFiles(files, more) {
  const isThere = (file) => files.some((each) => each.name === file.name && each.size === file.size);
  return [...files, ...more.filter((file) => !isThere(file))];
}

/**
 * What the server says of a light curve, by field.
 *
 * @param {Error | null} error
 * @returns {{file?: string, epoch?: string, time_system?: string, flux?: string, isOfOther?: boolean}}
 *   `isOfOther`: the files name another star, or several
 */
export function curveErrors(error) {
  if (!error?.status) return {};
  if (error.status !== 422) return { file: explain(error) };
  const found = {};
  for (const { field, message } of error.errors) {
    const isOther = isOfOther({ message });
    const place = isOther ? "file" : field;
    if (!FIELDS.includes(place)) continue;
    found[place] = [found[place], withoutAdvice(message)].filter(Boolean).join(" ");
    if (isOther) found.isOfOther = true;
  }
  return found;
}

/** Whether the server says that files are of another star, or of several: that is said beside the files. */
export function isOfOther({ message }) {
  return message.includes("same_star");
}

/** A sentence without what to do by the API: on the page it is a box to tick. */
function withoutAdvice(message) {
  return message.replace(/ If it is the same star, set same_star to true\.$/, "");
}
