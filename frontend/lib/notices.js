// Short notices at the edge of the page, and the end of a training told wherever one looks.

import { ConnectionLost } from "./api.js";
import { t } from "./i18n.js";
import { whenSignedOut } from "./settings.js";
import { createStore } from "./store.js";

export const notices = createStore({ list: [] });

whenSignedOut(() => notices.set({ list: [] }));

let last = 0;

/**
 * Shows a notice.
 *
 * @param {string} text
 * @param {{kind?: "info" | "success" | "error", link?: string, linkText?: string, stays?: boolean}} options
 *   an error, or one that stays, is there until it is closed
 */
export function notify(text, { kind = "info", link, linkText, stays = false } = {}) {
  last += 1;
  const notice = { id: last, text, kind, link, linkText };
  notices.set({ list: [...notices.get().list, notice].slice(-5) });
  if (!stays && kind !== "error") setTimeout(() => close(notice.id), 8_000);
}

/** Takes a notice away. */
export function close(id) {
  notices.set({ list: notices.get().list.filter((each) => each.id !== id) });
}

/** Tells the error of a call. */
export function notifyError(error) {
  if (error.name === "AbortError") return;
  notify(explain(error), { kind: "error" });
}

/** What an error means for a person; the server's own words where it gave any. */
export function explain(error) {
  if (error instanceof ConnectionLost) return t("error.connection");
  return error.message || t("error.unknown");
}

/** Asks once whether the browser may tell the end of a training; only after a person's click. */
export function askForNotifications() {
  if ("Notification" in window && Notification.permission === "default") {
    Promise.resolve(Notification.requestPermission()).catch(() => {});
  }
}

/**
 * Tells something outside the page too, if that is allowed and nobody is looking at it.
 *
 * @param {string} text
 * @param {string} [link] an address after the # that a click opens
 */
export function tellOutside(text, link) {
  if (!document.hidden || !("Notification" in window) || Notification.permission !== "granted") return;
  try {
    const notification = new Notification("exotrain", { body: text, tag: text });
    notification.onclick = () => {
      window.focus();
      if (link) location.hash = link;
      notification.close();
    };
  } catch {
    // Some browsers allow it only from a service worker; the title of the page tells it as well.
  }
}
