// Follows an import whose page may be left, and announces its end.

import { get } from "../lib/api.js";
import { SETS } from "../lib/curve-sets.js";
import { t } from "../lib/i18n.js";
import { notify, notifyOutside } from "../lib/notices.js";
import { settings } from "../lib/settings.js";
import { isUnderWay } from "./states.js";

const POLL_MILLISECONDS = 3_000;

/**
 * Waits for the end of an import, and announces it if its page is not open.
 *
 * @param {{id: number}} curveSet
 * @param {string} page the address of its page
 */
export async function followImport({ id }, page) {
  const { token } = settings.get();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    if (settings.get().token !== token) return;
    try {
      const { curve_set: curveSet } = await get(`${SETS}/${id}`);
      if (isUnderWay(curveSet)) continue;
      if (!isShown(page)) announce(curveSet, page);
      return;
    } catch (error) {
      if (error.status) return; // it was deleted
    }
  }
}

/** Whether a page is the one that is seen. */
export function isShown(page) {
  return location.hash.split("?")[0] === `#${page}` && !document.hidden;
}

function announce({ name, stars: count, job }, page) {
  if (!job || job.status === "cancelled") return;
  const isWell = job.status === "completed";
  const why = job.error?.message ?? "";
  const say = () => t(isWell ? "curves.import.noticeDone" : "curves.import.noticeFailed", { name, count, why });
  const link = { link: `#${page}`, linkSays: () => t("curves.view") };
  notify(say, { kind: isWell ? "success" : "error", ...link, stays: true });
  notifyOutside(say());
}
