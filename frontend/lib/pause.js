// The server is busy: nothing is read before the time that it named; then all that waits goes on by itself.

import { whenSignedOut } from "./settings.js";
import { createStore } from "./store.js";

/** `until` is a time in milliseconds, or null while the server may be asked. */
export const pause = createStore({ until: null });

// So that not all pages ask again in the same moment.
const SPREAD_SECONDS = 1;

let timer = null;

/** Lets nothing be read for some seconds; never shortens a pause that lasts longer. */
export function pauseFor(seconds) {
  const wait = 1000 * (seconds + Math.random() * SPREAD_SECONDS);
  if (Date.now() + wait <= pause.get().until) return;
  clearTimeout(timer);
  timer = setTimeout(end, wait);
  pause.set({ until: Date.now() + wait });
}

/** Resolves when the server may be asked; rejects when `signal` aborts. */
export function pauseOver(signal) {
  if (pause.get().until === null) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const leave = pause.subscribe(({ until }) => until === null && settle(resolve));
    const abort = () => settle(() => reject(new DOMException("Aborted", "AbortError")));
    const settle = (how) => {
      leave();
      signal?.removeEventListener("abort", abort);
      how();
    };
    signal?.addEventListener("abort", abort);
  });
}

function end() {
  clearTimeout(timer);
  pause.set({ until: null });
}

whenSignedOut(end);
