// The file that is chosen and sent: sending continues while other pages are open.

import { get, upload } from "../lib/api.js";
import { t } from "../lib/i18n.js";
import { explain, notify, notifyOutside } from "../lib/notices.js";
import { withPatience } from "../lib/patience.js";
import { goTo } from "../lib/router.js";
import { settings } from "../lib/settings.js";
import { createStore } from "../lib/store.js";
import { mayBeMapped, NOTHING_CHOSEN } from "../reading/choices.js";
import { fileForm } from "../reading/sending.js";

export const BATCHES = "/api/predict/batches";

/**
 * `stage` is "none", "chosen", "sending", "failed" or "aborted"; `said` is how the file is to be read, `reading`
 * what was chosen in the form that asks for it, and `isReading` whether that form is open.
 */
const NONE = {
  stage: "none",
  workspaceId: null,
  file: null,
  share: 0,
  wait: null,
  error: null,
  control: null,
  said: {},
  reading: NOTHING_CHOSEN,
  isReading: false,
};

const POLL_MILLISECONDS = 3_000;

export const sent = createStore(NONE);

export function isSending({ stage }) {
  return stage === "sending";
}

/** Takes a file; nothing is sent yet. */
export function chooseFile(workspace, file) {
  forget();
  sent.set({ ...NONE, stage: "chosen", workspaceId: workspace.id, file });
}

/** Opens the form that asks how the file is to be read; closed, it is read as it is recognised. */
export function askHowToRead(isReading = true) {
  sent.set({ isReading, said: {} });
}

/** Keeps what is chosen in that form; `next` makes the new choices from the last ones. */
export function changeReading(next) {
  sent.set({ reading: next(sent.get().reading) });
}

/** Keeps what was said of the file for every time that it is sent. */
export function readAs(said) {
  sent.set({ said });
}

/** Sends the file that was chosen, with the light curves of a set or none, and shows the batch that it becomes. */
export function post(workspace, model, curveSet = null) {
  const headers = { "Idempotency-Key": newKey() };
  const fields = curveSet ? { curve_set_id: String(curveSet.id) } : {};
  return send(workspace, model, BATCHES, { headers, fields }, ({ body }) => {
    const { batch } = body;
    const target = addressOf(workspace, batch);
    if (isShown(`/w/${workspace.id}/predict/batch`)) goTo(target);
    follow(batch, target, settings.get().token);
  });
}

/**
 * Sends the file, and hands the CSV that comes back to `save`: for those who may keep nothing. Its rows are seen
 * elsewhere, so what is to be known of all of them is said here.
 */
export function predictAtOnce(workspace, model, save) {
  const { file } = sent.get();
  return send(workspace, model, "/api/predict/batch", { responseType: "blob" }, ({ body, header }) => {
    save(body);
    const unlike = header("Exotrain-Unlike-Training");
    if (unlike) notify(() => t(noticeOf(unlike), { name: file.name }), { stays: true });
  });
}

/** What to say of a table's differences from the training rows; a model may have figures without relations. */
function noticeOf(unlike) {
  return /another_survey|missing_input/.test(unlike) ? "verdict.unlike.notice" : "verdict.unlike.noRelations";
}

/** Stops sending; the file stays selected. */
export function abort() {
  sent.get().control?.abort();
}

/** Stops sending and forgets the file. */
export function forget() {
  const { control } = sent.get();
  sent.set(NONE);
  control?.abort();
}

async function send(workspace, model, path, { fields = {}, ...options }, onAnswer) {
  const control = new AbortController();
  const { signal } = control;
  const change = (patch) => sent.get().control === control && sent.set(patch);
  const { file, said, reading } = sent.get();
  sent.set({ ...NONE, stage: "sending", workspaceId: workspace.id, file, said, reading, control });
  addEventListener("beforeunload", askBeforeLeaving);
  const form = fileForm(workspace, file, said);
  form.set("model_id", String(model.id));
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  const ask = () => upload(path, form, (share) => change({ share }), { ...options, signal });
  try {
    const answer = await withPatience(ask, { onWait: (wait) => change({ wait }), signal });
    if (sent.get().control === control) sent.set(NONE);
    onAnswer(answer);
  } catch (error) {
    const isAborted = error.name === "AbortError";
    change(isAborted ? { stage: "aborted" } : { stage: "failed", error, isReading: mayBeMapped(error) });
  }
  removeEventListener("beforeunload", askBeforeLeaving);
}

/** Waits for the end of a batch, and announces it if its page is not open. */
async function follow({ id }, target, token) {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    if (settings.get().token !== token) return;
    try {
      const { batch } = await get(`/api/predict/batches/${id}`);
      if (batch.status === "pending" || batch.status === "running") continue;
      if (!isShown(target)) announce(batch, target);
      return;
    } catch (error) {
      if (error.status) return; // it was deleted
    }
  }
}

function announce({ status, file_name: name, rows_done: count, error }, target) {
  if (status === "cancelled") return;
  const say = () =>
    status === "completed"
      ? t("predict.batch.noticeDone", { name, count })
      : t("predict.batch.noticeFailed", { name, why: explain(error) });
  const kind = status === "completed" ? "success" : "error";
  notify(say, { kind, link: `#${target}`, linkSays: () => t("watch.open"), stays: true });
  notifyOutside(say());
}

function addressOf(workspace, batch) {
  return `/w/${workspace.id}/predict/batch/${batch.id}`;
}

function isShown(path) {
  return location.hash.split("?")[0] === `#${path}` && !document.hidden;
}

function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join("-");
}

function askBeforeLeaving(event) {
  event.preventDefault();
}

settings.subscribe(({ token }) => {
  // Signing out leaves nothing for the next user of this browser.
  if (!token) forget();
});
