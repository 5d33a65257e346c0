// When a busy server may be asked again: its Retry-After, in seconds or as a date, within bounds.

/** The answers that mean "not now": too many requests, and not ready. */
const BUSY = [429, 503];

/** Where the server gives no time. */
export const USUAL_SECONDS = 10;

// A second at least, or the answer would be asked for in a loop; five minutes at most, whatever a proxy says.
const LEAST_SECONDS = 1;
const MOST_SECONDS = 300;

export function isBusy(status) {
  return BUSY.includes(status);
}

/**
 * The seconds to wait that a Retry-After header names (RFC 9110, section 10.2.3).
 *
 * @param {string | null} header such as "30" or "Wed, 25 Nov 2026 17:45:00 GMT"
 * @param {string | null} sentAt the answer's Date header: the clock of this computer may be wrong
 * @returns {number | null} from 1 to 300; null if it names no time
 */
export function secondsToWait(header, sentAt = null) {
  const seconds = read((header ?? "").trim(), Date.parse(sentAt ?? "") || Date.now());
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, LEAST_SECONDS), MOST_SECONDS) : null;
}

function read(text, now) {
  if (/^\d+$/.test(text)) return Number(text);
  // `Date.parse` takes much for a date that is none, such as "-5".
  return /^[A-Z][a-z]+,? /.test(text) ? Math.ceil((Date.parse(text) - now) / 1000) : NaN;
}
