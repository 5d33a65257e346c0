// Sends one part of an upload: begun on the server or gone on with, then in pieces.

import { ConnectionLost, get, post, remove, upload } from "../../lib/api.js";
import { connection } from "../../lib/connection.js";
import { t } from "../../lib/i18n.js";
import { NotReadable, persist, sendInPieces } from "./sending.js";

const UPLOADS = "/api/light-curves/uploads";

// A piece of which nothing moves for so long is sent again.
const LONGEST_SILENCE = 60_000;

// A request that was stopped may take a moment to end on the server.
const REMOVALS = 4;
const SECONDS_BETWEEN = 2;

/** The uploads on the server, of each part that has one. */
const begun = new WeakMap();

/**
 * @param {{key: string}} workspace
 * @param {{name: string, blob: Blob}} part
 * @param {object} how
 * @param {(bytes: number) => void} how.onSent is told how much of it is there
 * @param {(isBroken: boolean) => void} how.onBreak whether it waits for the server
 * @param {AbortSignal} how.signal
 * @returns {Promise<number>} the id of the upload that is complete
 */
export async function sendPart(workspace, part, { onSent, onBreak, signal }) {
  const { name, blob } = part;
  const patience = { onBreak, pause: (seconds) => pause(seconds, signal) };
  const { id, received } = await persist(() => begin(workspace, part, signal), patience);
  const path = `${UPLOADS}/${id}`;
  const note = (bytes) => {
    onSent(bytes);
    return bytes;
  };
  const ask = async () => note((await get(path, undefined, { isOnce: true, signal })).upload.received);
  const put = async (bytes, from) => {
    const headers = {
      "Content-Type": "application/octet-stream",
      "Content-Range": `bytes ${from}-${from + bytes.byteLength - 1}/${blob.size}`,
    };
    const onProgress = (share) => onSent(from + Math.floor(share * bytes.byteLength));
    const send = (watched, report) => upload(path, bytes, report, { method: "PUT", headers, signal: watched });
    return note((await whileItMoves(signal, onProgress, send)).body.upload.received);
  };
  note(received);
  try {
    await sendInPieces(blob, received, { ask, put }, patience);
  } catch (error) {
    throw error instanceof NotReadable ? new Error(t("curves.upload.notReadable", { name })) : error;
  }
  return id;
}

/** The upload of a part: the one that was begun before, or a new one. */
async function begin(workspace, part, signal) {
  if (signal.aborted) throw stopped();
  const earlier = begun.get(part);
  if (earlier !== undefined) {
    try {
      return (await get(`${UPLOADS}/${earlier}`, undefined, { isOnce: true })).upload;
    } catch (error) {
      if (error.status !== 404) throw error;
    }
  }
  const asked = { workspace_key: workspace.key, name: part.name, size: part.blob.size };
  const { upload: made } = await post(UPLOADS, asked);
  begun.set(part, made.id);
  return made;
}

/** Deletes what the server has of a part; what cannot be deleted is removed there after two days. */
export async function discard(part) {
  const id = begun.get(part);
  begun.delete(part);
  for (let n = 0; id !== undefined && n < REMOVALS; n += 1) {
    try {
      await remove(`${UPLOADS}/${id}`);
      return;
    } catch (error) {
      if (error.status !== 409) return;
      await new Promise((resolve) => setTimeout(resolve, 1000 * SECONDS_BETWEEN));
    }
  }
}

/** Waits, though not longer than the connection is gone. */
export function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const { since } = connection.get();
    const settle = (how) => {
      clearTimeout(timer);
      leave();
      signal.removeEventListener("abort", stop);
      how();
    };
    const stop = () => settle(() => reject(stopped()));
    const timer = setTimeout(() => settle(resolve), 1000 * seconds);
    const leave = connection.subscribe((now) => now.since !== since && settle(resolve));
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
  });
}

/** Ends what does not move, as if the connection were lost. */
async function whileItMoves(signal, onProgress, act) {
  if (signal.aborted) throw stopped();
  const control = new AbortController();
  let isSilent = false;
  let timer = null;
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      isSilent = true;
      control.abort();
    }, LONGEST_SILENCE);
  };
  const stop = () => control.abort();
  signal.addEventListener("abort", stop);
  watch();
  try {
    return await act(control.signal, (share) => {
      watch();
      onProgress(share);
    });
  } catch (error) {
    throw isSilent ? new ConnectionLost() : error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

function stopped() {
  return new DOMException("Aborted", "AbortError");
}
