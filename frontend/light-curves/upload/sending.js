// Sends a file in pieces; after an interruption it goes on behind what the server has.

import { ApiError, ConnectionLost } from "../../lib/api.js";

export const PIECE_BYTES = 8 * 1024 * 1024;

const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 30;
// Of answers in a row that are no answer; a connection that is gone is waited for.
const MOST_REFUSALS = 10;

// Another request still sends, or the server or what is before it cannot answer now.
const PASSING = [408, 409, 425, 429, 500, 502, 503, 504];

/** A file that the browser could not read: it was changed, moved or deleted since it was chosen. */
export class NotReadable extends Error {}

/**
 * Calls until there is an answer that counts, with growing pauses.
 *
 * @param {() => Promise<any>} act
 * @param {object} patience
 * @param {(seconds: number) => Promise<void>} patience.pause rejects where the sending was stopped
 * @param {(isBroken: boolean) => void} patience.onBreak whether it is waiting for the server
 * @param {number[]} [passing] the answers after which it is tried again
 */
export async function persist(act, patience, passing = PASSING) {
  const waiting = createWaiting(patience, passing);
  for (;;) {
    try {
      const answer = await act();
      patience.onBreak(false);
      return answer;
    } catch (error) {
      await waiting.after(error);
    }
  }
}

/**
 * Sends a file.
 *
 * @param {Blob} blob
 * @param {number} received bytes that the server has of it
 * @param {object} calls
 * @param {() => Promise<number>} calls.ask how many bytes the server has
 * @param {(bytes: ArrayBuffer, from: number) => Promise<number>} calls.put sends a piece; gives the same
 * @param {object} patience as `persist` takes it
 * @throws {NotReadable} the file changed; or what the server refused
 */
export async function sendInPieces(blob, received, { ask, put }, patience) {
  const waiting = createWaiting(patience, PASSING);
  let at = received;
  while (at < blob.size) {
    const bytes = await readPiece(blob, at);
    try {
      const last = at;
      at = await put(bytes, at);
      patience.onBreak(false);
      if (at > last) waiting.forget();
    } catch (error) {
      await waiting.after(error);
      const now = await persist(ask, patience);
      if (now > at) waiting.forget();
      at = now;
    }
  }
}

async function readPiece(blob, at) {
  try {
    return await blob.slice(at, at + PIECE_BYTES).arrayBuffer();
  } catch (error) {
    throw new NotReadable(error.message);
  }
}

/** The pauses after failures in a row. */
function createWaiting({ pause, onBreak }, passing) {
  let failures = 0;
  let refusals = 0;
  return {
    forget() {
      failures = 0;
      refusals = 0;
    },
    /** Waits, or throws what waiting does not change. */
    async after(error) {
      if (!(error instanceof ConnectionLost)) {
        const isPassing = error instanceof ApiError && passing.includes(error.status);
        if (!isPassing || refusals >= MOST_REFUSALS) throw error;
        refusals += 1;
      }
      onBreak(true);
      const usual = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures);
      failures += 1;
      await pause(Math.max(usual, error.retryAfter ?? 0));
    },
  };
}
