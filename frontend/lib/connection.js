// Whether the server is reachable; while it is not, it is asked for its health until it answers.

import { isBusy, secondsToWait, USUAL_SECONDS } from "./retry-after.js";
import { createStore } from "./store.js";

/** Whether the last call reached the server; `since` counts the times that it came back. */
export const connection = createStore({ lost: false, since: 0 });

export function noteReached() {
  const { lost, since } = connection.get();
  if (lost) connection.set({ lost: false, since: since + 1 });
}

/** Makes whatever loads again after an interruption do so now: something was restored. */
export function askAgain() {
  connection.set({ since: connection.get().since + 1 });
}

const LONGEST_ANSWER = 5_000;
const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 30_000;

/** Asks for the server's health, less and less often or when it says, until it answers. */
export function noteLost() {
  if (connection.get().lost) return;
  connection.set({ lost: true });
  let wait = FIRST_RETRY;
  const ask = async () => {
    wait = Math.min(wait * 1.6, LONGEST_RETRY);
    let named = null;
    try {
      const answer = await fetch("/api/health", { signal: AbortSignal.timeout(LONGEST_ANSWER) });
      if (answer.ok) return noteReached();
      if (isBusy(answer.status)) named = millisecondsOf(answer);
    } catch {
      // Still gone.
    }
    return connection.get().lost && setTimeout(ask, named ?? wait);
  };
  setTimeout(ask, wait);
}

function millisecondsOf({ headers }) {
  return 1000 * (secondsToWait(headers.get("Retry-After"), headers.get("Date")) ?? USUAL_SECONDS);
}
