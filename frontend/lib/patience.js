// Repeats a call that the server cannot answer yet (503), after the delay that the server gives.

import { ApiError } from "./api.js";

const ATTEMPTS = 4;
const USUAL_SECONDS = 10;

/**
 * Calls, and calls again while the answer is 503 because the predictor is starting or busy.
 *
 * @param {() => Promise<any>} ask
 * @param {object} options
 * @param {(wait: {until: number, retry: number, retries: number, skip: () => void} | null) => void}
 *   options.onWait called when a wait begins, and with null when it is over; `skip` ends it at once
 * @param {AbortSignal} [options.signal]
 */
export async function withPatience(ask, { onWait, signal }) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 503 || attempt === ATTEMPTS) throw error;
      await wait(error.retryAfter ?? USUAL_SECONDS, { attempt, onWait, signal });
    }
  }
}

async function wait(seconds, { attempt, onWait, signal }) {
  try {
    await new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, seconds * 1000);
      const state = {
        until: Date.now() + seconds * 1000,
        retry: attempt,
        retries: ATTEMPTS - 1,
        skip: resolve,
      };
      onWait(state);
      signal?.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(new DOMException("Aborted", "AbortError"));
      });
    });
  } finally {
    onWait(null);
  }
}
