// Short notices at the edge of the page, and system notifications outside it.

import { ConnectionLost } from "./api.js";
import { duration, has, t } from "./i18n.js";
import { whenSignedOut } from "./settings.js";
import { createStore } from "./store.js";

export const notices = createStore({ list: [] });

whenSignedOut(() => notices.set({ list: [] }));

let last = 0;

/**
 * Shows a notice.
 *
 * @param {string} text
 * @param {{kind?: "info" | "success" | "error", link?: string, linkText?: string, stays?: boolean,
 *   act?: () => Promise<void>, actText?: string, shown?: number}} options
 *   an error, or one that stays, is there until it is closed; `act` is what a button of it does; `shown` is in ms
 */
export function notify(text, { kind = "info", link, linkText, stays = false, act, actText, shown = 8_000 } = {}) {
  last += 1;
  const notice = { id: last, text, kind, link, linkText, act, actText };
  notices.set({ list: [...notices.get().list, notice].slice(-5) });
  if (!stays && kind !== "error") setTimeout(() => close(notice.id), shown);
}

/** Takes a notice away. */
export function close(id) {
  notices.set({ list: notices.get().list.filter((each) => each.id !== id) });
}

/** Shows the error of a call. */
export function notifyError(error) {
  if (error.name === "AbortError") return;
  notify(explain(error), { kind: "error" });
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
