// What was deleted can come back: a notice with "Undo", and what a question says before.

import { account } from "./account.js";
import { get, post } from "./api.js";
import { askAgain } from "./connection.js";
import { t } from "./i18n.js";
import { notify } from "./notices.js";

/** What deleting means, for a question: how long the bin has it, or them. */
export function deletedFor(areMany = false) {
  const days = account.get().binDays;
  return days ? t(areMany ? "bin.goThere" : "bin.goesThere", { count: days }) : t("bin.isGone");
}

/**
 * Says that something was deleted, and offers to undo it while the bin has it.
 *
 * @param {() => string} say in the language that the page has then
 * @param {string} kind as in the bin: workspace, dataset, session, model, study, analysis, batch
 * @param {number} id
 * @param {{id: number, key: string}} [workspace] none: it is a workspace itself
 */
export function notifyDeleted(say, kind, id, workspace) {
  return notifyManyDeleted(say, kind, [id], workspace);
}

/** As `notifyDeleted`, of several of a kind that were deleted together: "Undo" brings all of them back. */
export async function notifyManyDeleted(say, kind, ids, workspace) {
  const found = await entries(workspace?.key).catch(() => []);
  const own = found.filter((each) => each.kind === kind && ids.includes(each.item_id));
  if (own.length === 0) return notify(say);
  const link = workspace ? `#/w/${workspace.id}/bin` : "#/workspaces";
  const undo = { act: () => restoreAll(own), actSays: () => t("bin.undo"), stays: true };
  return notify(say, { ...undo, link, linkSays: () => t("bin.open") });
}

/** What can be restored; without a key the deleted workspaces. */
export async function entries(key) {
  const answer = await get("/api/bin", key ? { workspace_key: key } : undefined);
  return answer.entries;
}

/** Restores an entry of the bin; every page that is open asks the server again. */
export async function restore(entry) {
  const { restored } = await post(`/api/bin/${entry.id}/restore`);
  for (const each of restored) notify(() => t("bin.restored", { name: each.name }), { kind: "success" });
  askAgain();
}

async function restoreAll(own) {
  if (own.length === 1) return restore(own[0]);
  let count = 0;
  try {
    for (const { id } of own) {
      await post(`/api/bin/${id}/restore`);
      count += 1;
    }
  } finally {
    if (count > 0) notify(() => t("bin.restoredMany", { count }), { kind: "success" });
    askAgain();
  }
}
