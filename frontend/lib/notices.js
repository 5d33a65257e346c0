// Short notices below the header, and system notifications outside the page.

import { ConnectionLost } from "./api.js";
import { duration, has, t } from "./i18n.js";
import { whenSignedOut } from "./settings.js";
import { createStore } from "./store.js";

export const notices = createStore({ list: [] });

whenSignedOut(() => notices.set({ list: [] }));

let last = 0;
let isHeld = false;

const TICK = 1_000;
const MOST = 5;
/** The seconds that a notice is seen: an error is longer, and what happened elsewhere. */
const SECONDS = { info: 8, success: 8, error: 20 };
const STAYING_SECONDS = 30;

/**
 * Shows a notice; it goes by itself, once it has been in sight for some seconds.
 *
 * @param {() => string} say its text, in the language that the page has then
 * @param {{kind?: "info" | "success" | "error", link?: string, linkSays?: () => string, stays?: boolean,
 *   act?: () => Promise<void>, actSays?: () => string}} options
 *   one that stays is there for longer; `act` is what a button of it does
 */
export function notify(say, { kind = "info", link, linkSays, stays = false, act, actSays } = {}) {
  last += 1;
  const seconds = Math.max(SECONDS[kind], stays ? STAYING_SECONDS : 0);
  const { list } = notices.get();
  if (list.length === 0) setTimeout(tick, TICK);
  // What is said again is not there twice; what can be undone is another thing each time.
  const others = list.filter((each) => each.act || each.say() !== say());
  notices.set({ list: [...others, { id: last, say, kind, link, linkSays, act, actSays, seconds }].slice(-MOST) });
}

/** Keeps the notices while the pointer or the focus is on them. */
export function hold(isOn) {
  isHeld = isOn;
}

/** A second less for each, unless nobody sees them or somebody reads them. */
function tick() {
  if (!isHeld && !document.hidden) {
    const left = notices.get().list.map((each) => ({ ...each, seconds: each.seconds - TICK / 1_000 }));
    notices.set({ list: left.filter(({ seconds }) => seconds > 0) });
  }
  if (notices.get().list.length > 0) setTimeout(tick, TICK);
}

/** Takes away the notices of what is open now: of the page at an address, or of one below it. */
export function closeSeen(path) {
  const isSeen = ({ link }) => link && `${path}/`.startsWith(`${link.slice(1)}/`);
  notices.set({ list: notices.get().list.filter((each) => !isSeen(each)) });
}

/** Takes all notices away. */
export function closeAll() {
  notices.set({ list: [] });
}

/** Takes a notice away. */
export function close(id) {
  notices.set({ list: notices.get().list.filter((each) => each.id !== id) });
}

/** Shows the error of a call. */
export function notifyError(error) {
  if (error.name === "AbortError") return;
  notify(() => explain(error), { kind: "error" });
}

/** An error as a sentence: the page's for what has a code, else the server's own, and when to try again. */
export function explain(error) {
  if (error instanceof ConnectionLost) return t("error.connection");
  const known = `error.code.${error.problem?.code}`;
  if (has(known)) return t(known);
  const message = error.message || t("error.unknown");
  return error.retryAfter ? `${message} ${t("error.tryAgain", { time: duration(error.retryAfter) })}` : message;
}

/** Asks once for permission to notify when a session ends; only after a click. */
export function askForNotifications() {
  if ("Notification" in window && Notification.permission === "default") {
    Promise.resolve(Notification.requestPermission()).catch(() => {});
  }
}

/**
 * Shows a system notification, if that is allowed and the page is hidden.
 *
 * @param {string} text
 * @param {string} [link] an address after the # that a click opens
 */
export function notifyOutside(text, link) {
  if (!document.hidden || !("Notification" in window) || Notification.permission !== "granted") return;
  try {
    const notification = new Notification("exotrain", { body: text, tag: text });
    notification.onclick = () => {
      window.focus();
      if (link) location.hash = link;
      notification.close();
    };
  } catch {
    // Some browsers allow it only from a service worker; the page title shows it as well.
  }
}
