// Uploads of datasets: one after the other, continuing while other pages are open.

import { ApiError, ConnectionLost, upload } from "../lib/api.js";
import { connection } from "../lib/connection.js";
import { t } from "../lib/i18n.js";
import { explain, notify } from "../lib/notices.js";
import { withPatience } from "../lib/patience.js";
import { settings } from "../lib/settings.js";
import { createStore } from "../lib/store.js";
import { mayBeMapped, NOTHING_CHOSEN } from "../reading/choices.js";
import { UPLOAD_PATH, uploadForm } from "./upload-form.js";

/**
 * @typedef {object} Upload
 * @property {number} id
 * @property {{id: number, key: string}} workspace
 * @property {File} file
 * @property {string} name of the dataset; empty: that of the file
 * @property {"waiting" | "sending" | "checking" | "done" | "refused" | "lost" | "aborted"} stage
 * @property {number} share of the bytes that are sent
 * @property {boolean} [isNew] false if the workspace had the same bytes already
 * @property {object} [dataset] once it is done
 * @property {Error} [error] why it was refused, or lost on the way
 * @property {object | null} [wait] while the server is busy, as `withPatience` reports it
 * @property {number} attempts to send it
 * @property {object} [said] how the file is to be read, as `whatIsSaid` has it; nothing: as it is recognised
 * @property {object} [reading] what was chosen in the form that asks for it
 * @property {boolean} [isReading] whether that form is open
 * @property {object} [earlier] the dataset that the same file became when it was read in another way
 */

export const uploads = createStore({ list: [] });

const UNDER_WAY = ["waiting", "sending", "checking"];

const aborts = new Map();
const watchers = new Set();

let lastId = 0;

/**
 * Adds files to the upload queue of a workspace; the name applies to a single file. The result of an
 * earlier upload of a file with the same name is dropped.
 */
export function enqueue(workspace, files, name = "") {
  const added = [...files].map((file) => {
    lastId += 1;
    const wanted = files.length === 1 ? name.trim() : "";
    return { id: lastId, workspace, file, name: wanted, stage: "waiting", share: 0, attempts: 0 };
  });
  const names = new Set(added.map((each) => each.file.name));
  const kept = uploads.get().list.filter((each) => isUnderWay(each) || !names.has(each.file.name));
  uploads.set({ list: [...added.reverse(), ...kept] });
  sendNext();
}

/** Ends an upload, or takes it from the queue. */
export function abort(id) {
  aborts.get(id)?.abort();
  if (find(id)?.stage === "waiting") change(id, { stage: "aborted" });
}

/** Sends the same file again. */
export function retry(id) {
  change(id, { stage: "waiting", share: 0, error: undefined });
  sendNext();
}

/** Opens or closes the form that asks how the file of an ended upload is to be read. */
export function askHowToRead(id, isReading = true) {
  change(id, { isReading });
}

/** Keeps what is chosen in that form; `next` makes the new choices from the last ones. */
export function changeReading(id, next) {
  const { reading = NOTHING_CHOSEN } = find(id) ?? {};
  change(id, { reading: next(reading) });
}

/** Uploads the same file once more, read as it was said; what it became before stays as it is. */
export function readAgain(id, said, name) {
  const { dataset, earlier } = find(id);
  change(id, { said, name, earlier: dataset ?? earlier, dataset: undefined, isReading: false });
  retry(id);
}

/** Takes the uploads of a dataset that was deleted from the list. */
export function forgetDataset(datasetId) {
  const kept = uploads.get().list.filter((each) => each.dataset?.id !== datasetId);
  const isGone = ({ earlier }) => earlier?.id === datasetId;
  uploads.set({ list: kept.map((each) => (isGone(each) ? { ...each, earlier: undefined } : each)) });
}

/** Takes an ended upload from the list. */
export function dismiss(id) {
  uploads.set({ list: uploads.get().list.filter((each) => each.id !== id) });
}

export function isUnderWay({ stage }) {
  return UNDER_WAY.includes(stage);
}

/**
 * Calls a function after each finished upload. Without a listener, a notice announces it.
 *
 * @param {(upload: Upload) => void} listener
 * @returns {() => void} ends it
 */
export function whenEnded(listener) {
  watchers.add(listener);
  return () => watchers.delete(listener);
}

function sendNext() {
  const { list } = uploads.get();
  if (list.some(({ stage }) => stage === "sending" || stage === "checking")) return;
  const next = list.findLast(({ stage }) => stage === "waiting");
  if (next) send(next);
}

async function send({ id, workspace, file, name, said, attempts }) {
  const control = new AbortController();
  aborts.set(id, control);
  change(id, { stage: "sending", attempts: attempts + 1 });
  addEventListener("beforeunload", askBeforeLeaving);
  const onProgress = (share) => change(id, { share, stage: share < 1 ? "sending" : "checking" });
  try {
    const { signal } = control;
    const attempt = () => upload(UPLOAD_PATH, uploadForm(workspace, file, { name, said }), onProgress, { signal });
    const { status, body } = await withPatience(attempt, { onWait: (wait) => change(id, { wait }), signal });
    change(id, { stage: "done", isNew: status === 201, dataset: body.dataset });
  } catch (error) {
    change(id, { stage: stageAfter(error), error, isReading: mayBeMapped(error) });
  }
  aborts.delete(id);
  removeEventListener("beforeunload", askBeforeLeaving);
  tellEnd(find(id));
  sendNext();
}

function stageAfter(error) {
  if (error.name === "AbortError") return "aborted";
  return error instanceof ConnectionLost ? "lost" : "refused";
}

function tellEnd(ended) {
  if (!ended) return;
  for (const watcher of watchers) watcher(ended);
  if (watchers.size || ended.stage === "aborted" || ended.stage === "lost") return;
  const link = `#/w/${ended.workspace.id}/datasets`;
  if (ended.stage === "done") {
    notify(() => t("datasets.upload.noticeDone", { name: ended.dataset.name }), {
      kind: "success",
      link: `${link}/${ended.dataset.id}`,
      linkSays: () => t("datasets.view"),
    });
  } else {
    notify(() => t("datasets.upload.noticeRefused", { name: ended.file.name, why: explain(ended.error) }), {
      kind: "error",
      link,
      linkSays: () => t("nav.datasets"),
    });
  }
}

/** Whether sending the same file again may succeed. */
export function mayRetry({ stage, error }) {
  if (stage === "aborted" || stage === "lost") return true;
  return stage === "refused" && !(error instanceof ApiError && error.status < 500 && error.status !== 429);
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

const MOST_ATTEMPTS = 3;

let timesBack = connection.get().since;

connection.subscribe(({ since }) => {
  if (since === timesBack) return;
  timesBack = since;
  const lost = uploads.get().list.filter((each) => each.stage === "lost" && each.attempts < MOST_ATTEMPTS);
  for (const { id } of lost) retry(id);
});

settings.subscribe(({ token }) => {
  if (token) return;
  // Signing out leaves nothing for the next user of this browser.
  uploads.set({ list: [] });
  for (const control of aborts.values()) control.abort();
});
