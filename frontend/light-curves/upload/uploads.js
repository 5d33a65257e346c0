// Light curves on their way to the server: one upload after the other, continuing while other pages are open.

import { ConnectionLost, get, post } from "../../lib/api.js";
import { SETS } from "../../lib/curve-sets.js";
import { t } from "../../lib/i18n.js";
import { explain, notify } from "../../lib/notices.js";
import { goTo } from "../../lib/router.js";
import { settings } from "../../lib/settings.js";
import { createStore } from "../../lib/store.js";
import { followImport, isShown } from "../following.js";
import { nameOf, partsOf } from "./chosen-files.js";
import { discard, pause, sendPart } from "./part.js";
import { persist } from "./sending.js";

/**
 * @typedef {object} Upload
 * @property {number} id
 * @property {{id: number, key: string}} workspace
 * @property {object | null} curveSet that the files are added to; null: they make one
 * @property {string} name of that set
 * @property {object} said of the files: `star`, `time_system`, `flux`, where they do not say it themselves
 * @property {{name: string, blob: Blob}[]} parts what is sent, each in pieces
 * @property {string} key of idempotency
 * @property {number} files that were chosen
 * @property {number} bytes of all parts
 * @property {number} sent of these
 * @property {boolean} isBroken it waits for the server to answer again
 * @property {"waiting" | "sending" | "posting" | "refused" | "aborted"} stage
 * @property {Error} [error] why it was refused
 */

export const uploads = createStore({ list: [] });

const UNDER_WAY = ["waiting", "sending", "posting"];

const aborts = new Map();
const watchers = new Set();

let lastId = 0;

/**
 * Adds what was chosen to the queue.
 *
 * @param {{id: number, key: string}} workspace
 * @param {import("./chosen-files.js").Chosen[]} chosen
 * @param {{curveSet?: object | null, name?: string, said?: object}} wanted
 */
export function enqueue(workspace, chosen, { curveSet = null, name = "", said = {} }) {
  lastId += 1;
  const parts = partsOf(chosen);
  const ofFiles = name.trim() || (nameOf(chosen) ?? t("curves.upload.defaultName"));
  const added = {
    ...{ id: lastId, workspace, curveSet, name: curveSet?.name ?? ofFiles, said, parts, key: newKey() },
    files: chosen.length,
    bytes: parts.reduce((sum, { blob }) => sum + blob.size, 0),
    ...{ sent: 0, isBroken: false, stage: "waiting" },
  };
  uploads.set({ list: [added, ...uploads.get().list] });
  sendNext();
}

/** Ends an upload, or takes it from the queue; what the server has of it is deleted. */
export function abort(id) {
  aborts.get(id)?.abort();
  const one = find(id);
  if (one?.stage !== "waiting") return;
  change(id, { stage: "aborted" });
  one.parts.forEach(discard);
}

/** Goes on with an upload that was refused, or begins one anew that was stopped. */
export function retry(id) {
  change(id, { stage: "waiting", sent: 0, error: undefined });
  sendNext();
}

/** Takes an ended upload from the list. */
export function dismiss(id) {
  find(id)?.parts.forEach(discard);
  uploads.set({ list: uploads.get().list.filter((each) => each.id !== id) });
}

export function isUnderWay({ stage }) {
  return UNDER_WAY.includes(stage);
}

/** Calls a function with the set whenever all of an upload is on the server; returns what ends it. */
export function whenPosted(listener) {
  watchers.add(listener);
  return () => watchers.delete(listener);
}

function sendNext() {
  const { list } = uploads.get();
  if (list.some(({ stage }) => stage === "sending" || stage === "posting")) return;
  const next = list.findLast(({ stage }) => stage === "waiting");
  if (next) send(next);
}

async function send(one) {
  const { id } = one;
  const control = new AbortController();
  aborts.set(id, control);
  change(id, { stage: "sending" });
  addEventListener("beforeunload", askBeforeLeaving);
  try {
    const ids = await sendAll(one, control.signal);
    change(id, { stage: "posting" });
    posted(one, await postAll(one, ids, control.signal));
  } catch (error) {
    const isAborted = error.name === "AbortError";
    change(id, { stage: isAborted ? "aborted" : "refused", isBroken: false, error });
    if (isAborted) one.parts.forEach(discard);
    else tellRefused(one, error);
  }
  aborts.delete(id);
  removeEventListener("beforeunload", askBeforeLeaving);
  sendNext();
}

/** Sends the parts, one after the other; gives their ids on the server. */
async function sendAll({ id, workspace, parts }, signal) {
  const onBreak = (isBroken) => change(id, { isBroken });
  const ids = [];
  let before = 0;
  for (const part of parts) {
    const start = before;
    const onSent = (bytes) => change(id, { sent: start + bytes });
    ids.push(await sendPart(workspace, part, { onSent, onBreak, signal }));
    before += part.blob.size;
  }
  return ids;
}

/** Makes the set of the uploads that are complete, or adds them to theirs. */
function postAll({ id, workspace, curveSet, name, said, key }, ids, signal) {
  const form = new FormData();
  form.set("upload_ids", ids.join(","));
  for (const [field, value] of Object.entries(said)) if (value) form.set(field, value);
  if (!curveSet) {
    form.set("workspace_key", workspace.key);
    form.set("name", name);
  }
  const path = curveSet ? `${SETS}/${curveSet.id}/files` : SETS;
  const headers = curveSet ? {} : { "Idempotency-Key": key };
  let isLost = false;
  const act = async () => {
    try {
      return (await post(path, form, { headers, signal })).curve_set;
    } catch (error) {
      // The request whose answer was lost has used the uploads.
      if (isLost && curveSet && error.status === 404) return (await get(`${SETS}/${curveSet.id}`)).curve_set;
      isLost = error instanceof ConnectionLost;
      throw error;
    }
  };
  const onBreak = (isBroken) => change(id, { isBroken });
  return persist(act, { onBreak, pause: (seconds) => pause(seconds, signal) }, [503]);
}

/** Its files are on the server: it leaves the list, and what becomes of them is followed. */
function posted({ id, workspace }, curveSet) {
  uploads.set({ list: uploads.get().list.filter((each) => each.id !== id) });
  for (const watcher of watchers) watcher(curveSet);
  const list = `/w/${workspace.id}/light-curves`;
  const page = `${list}/${curveSet.id}`;
  if (isShown(list)) goTo(page);
  else if (!isShown(page)) {
    const link = { link: `#${page}`, linkSays: () => t("curves.view") };
    notify(() => t("curves.upload.noticeSent", { name: curveSet.name }), { kind: "success", ...link });
  }
  followImport(curveSet, page);
}

function tellRefused({ workspace, curveSet, name }, error) {
  const list = `/w/${workspace.id}/light-curves`;
  const page = curveSet ? `${list}/${curveSet.id}` : list;
  if (isShown(page)) return;
  const link = { link: `#${page}`, linkSays: () => t("nav.light-curves") };
  notify(() => t("curves.upload.noticeRefused", { name, why: explain(error) }), { kind: "error", ...link });
}

export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join("-");
}

function askBeforeLeaving(event) {
  event.preventDefault();
}

function find(id) {
  return uploads.get().list.find((each) => each.id === id);
}

function change(id, patch) {
  uploads.set({ list: uploads.get().list.map((each) => (each.id === id ? { ...each, ...patch } : each)) });
}

settings.subscribe(({ token }) => {
  if (token) return;
  // Signing out leaves nothing for the next user of this browser.
  uploads.set({ list: [] });
  for (const control of aborts.values()) control.abort();
});
