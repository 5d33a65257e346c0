// The current or last prediction of a catalogue: it continues while other pages are open.

import { upload } from "../lib/api.js";
import { columnsOf, dialectOf, readAnswer } from "./batch-answer.js";
import { countRows } from "../lib/csv.js";
import { t } from "../lib/i18n.js";
import { explain, notify, notifyOutside } from "../lib/notices.js";
import { withPatience } from "../lib/patience.js";
import { settings } from "../lib/settings.js";
import { createStore } from "../lib/store.js";

/**
 * `stage` is "none", "chosen", "sending", "predicting", "reading", "done", "failed" or "aborted".
 * `rows` of the file is null until they are counted; `answer` is a `BatchAnswer`, `blob` the file behind it.
 */
const NONE = {
  stage: "none",
  workspaceId: null,
  file: null,
  rows: null,
  model: null,
  share: 0,
  startedAt: null,
  seconds: null,
  wait: null,
  error: null,
  blob: null,
  answer: null,
  control: null,
};

export const batch = createStore(NONE);

const UNDER_WAY = ["sending", "predicting", "reading"];

export function isUnderWay({ stage }) {
  return UNDER_WAY.includes(stage);
}

/** Takes a file, and counts its rows; nothing is sent yet. */
export async function chooseFile(workspace, file) {
  forget();
  const control = new AbortController();
  batch.set({ ...NONE, stage: "chosen", workspaceId: workspace.id, file, control });
  try {
    const rows = await countRows(file, { signal: control.signal });
    if (batch.get().file === file) batch.set({ rows });
  } catch (error) {
    // The server will say what is wrong with the file.
    if (error.name !== "AbortError") console.warn(error);
  }
}

/** Sends the file that was chosen, and reads what comes back. */
export async function start(workspace, model) {
  const control = new AbortController();
  const { signal } = control;
  const change = (patch) => batch.get().control === control && batch.set(patch);
  const { file, rows } = batch.get();
  const startedAt = Date.now();
  batch.set({ ...NONE, stage: "sending", workspaceId: workspace.id, file, rows, model, startedAt, control });
  addEventListener("beforeunload", askBeforeLeaving);
  try {
    const onProgress = (share) => change({ share, stage: share < 1 ? "sending" : "predicting" });
    const send = () =>
      upload("/api/predict/batch", formOf(workspace, model, file), onProgress, {
        responseType: "blob",
        signal,
      });
    const { body: blob, header } = await withPatience(send, { onWait: (wait) => change({ wait }), signal });
    change({ stage: "reading", share: 0 });
    const how = {
      source: header("Exotrain-Source"),
      columns: columnsOf(header("Exotrain-Columns")),
      dialect: dialectOf(header("Exotrain-Dialect")),
    };
    const answer = await readAnswer(blob, { ...how, onProgress: (share) => change({ share }), signal });
    change({ stage: "done", blob, answer, seconds: (Date.now() - startedAt) / 1000 });
  } catch (error) {
    change(error.name === "AbortError" ? { stage: "aborted" } : { stage: "failed", error });
  }
  removeEventListener("beforeunload", askBeforeLeaving);
  if (batch.get().control === control) tellEnd(batch.get());
}

/** Stops the prediction; the file stays selected. */
export function abort() {
  batch.get().control?.abort();
}

/** Stops the prediction and forgets the file and the results. */
export function forget() {
  const { control } = batch.get();
  batch.set(NONE);
  control?.abort();
}

function formOf(workspace, model, file) {
  const form = new FormData();
  form.set("workspace_key", workspace.key);
  form.set("model_id", String(model.id));
  form.set("file", file);
  return form;
}

/** Announces the end if another page is open. */
function tellEnd({ stage, workspaceId, file, error, answer }) {
  const page = `#/w/${workspaceId}/predict/batch`;
  if (stage === "aborted" || (location.hash.split("?")[0] === page && !document.hidden)) return;
  const text =
    stage === "done"
      ? t("predict.batch.noticeDone", { name: file.name, count: answer.counts.all })
      : t("predict.batch.noticeFailed", { name: file.name, why: explain(error) });
  const kind = stage === "done" ? "success" : "error";
  notify(text, { kind, link: page, linkText: t("watch.open"), stays: true });
  notifyOutside(text);
}

function askBeforeLeaving(event) {
  event.preventDefault();
}

settings.subscribe(({ token }) => {
  // Signing out leaves nothing for the next user of this browser.
  if (!token) forget();
});
