// Repeats a call that the server cannot answer yet (429, 503), after the delay that the server gives.

import { ApiError } from "./api.js";
import { isBusy, USUAL_SECONDS } from "./retry-after.js";

const ATTEMPTS = 4;

/**
 * Calls, and calls again while the server is busy or its predictor is starting.
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
      if (!(error instanceof ApiError && isBusy(error.status)) || attempt === ATTEMPTS) throw error;
      await wait(error.retryAfter ?? USUAL_SECONDS, { attempt, onWait, signal });
    }
  }
}

async function wait(seconds, { attempt, onWait, signal }) {
  let timer = null;
  let abort = null;
  try {
    await new Promise((resolve, reject) => {
      timer = setTimeout(resolve, seconds * 1000);
      abort = () => reject(new DOMException("Aborted", "AbortError"));
      signal?.addEventListener("abort", abort);
      onWait({
        until: Date.now() + seconds * 1000,
        retry: attempt,
        retries: ATTEMPTS - 1,
        skip: resolve,
      });
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    onWait(null);
  }
}
