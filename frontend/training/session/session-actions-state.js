// Actions on sessions: start, stop, cancel, retry, keep, delete.

import { post, remove } from "../../lib/api.js";
import { useRef } from "../../lib/html.js";
import { watchAgain } from "../../lib/watch.js";

/** A key that makes a repeated request harmless: the same until the request changes or succeeds. */
export function useIdempotencyKey() {
  const last = useRef({ request: null, key: null });
  return {
    of(request) {
      const text = JSON.stringify(request);
      if (last.current.request !== text) last.current = { request: text, key: randomKey() };
      return last.current.key;
    },
    renew() {
      last.current = { request: null, key: null };
    },
  };
}

/** `crypto.randomUUID` is not there on a page served by plain HTTP to another machine; this is. */
function randomKey() {
  return [...crypto.getRandomValues(new Uint32Array(4))].map((each) => each.toString(36)).join("-");
}

/** Starts a session and returns it. */
export async function startSession(request, idempotencyKey) {
  return begin("/api/training/start", request, idempotencyKey);
}

/** Starts a session with the settings of an ended one and returns it. */
export async function retrySession(id, idempotencyKey) {
  return begin(`/api/training/session/${id}/retry`, undefined, idempotencyKey);
}

async function begin(path, request, idempotencyKey) {
  const { session } = await post(path, request, { headers: { "Idempotency-Key": idempotencyKey } });
  watchAgain();
  return session;
}

/** Ends a session after its epoch ("stop") or now ("cancel"). */
export async function endSession(id, wish) {
  try {
    await post(`/api/training/session/${id}/${wish}`);
  } finally {
    watchAgain(); // also after a refusal: it has ended meanwhile
  }
}

/** Asks for the best epoch of a failed session as a model. */
export async function keepBestEpoch(id) {
  await post(`/api/training/session/${id}/keep`);
  watchAgain();
}

/** Deletes the finished epochs of a failed session. */
export async function deleteEpochs(id) {
  await remove(`/api/training/session/${id}/checkpoint`);
  watchAgain();
}

export async function deleteSession(id) {
  await remove(`/api/training/session/${id}`);
  watchAgain();
}
