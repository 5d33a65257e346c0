// How far the views of a dataset's rows are prepared: what a session that learns from a curve set waits for.

import { get } from "../lib/api.js";
import { SETS } from "../lib/curve-sets.js";
import { usePolling } from "../lib/data.js";
import { html, useState } from "../lib/html.js";
import { number, t } from "../lib/i18n.js";
import { Progress } from "../ui/basics.js";

/** Whether views are being prepared, or wait for it. */
export const areUnderWay = ({ status }) => status === "pending" || status === "running";

/**
 * @param {object} properties
 * @param {object} properties.curveSet
 * @param {object} properties.dataset
 * @param {object | null} properties.views of the match; null: nobody has asked for them
 */
export function ViewsState({ curveSet, dataset, views }) {
  const [newest, setNewest] = useState(views);
  const ask = async () => {
    setNewest((await get(`${SETS}/${curveSet.id}/views`, { dataset_id: dataset.id })).views);
  };
  usePolling(ask, newest !== null && areUnderWay(newest), [curveSet.id, dataset.id]);
  if (newest === null) return html`<p class="hint" data-test="curve-views">${t("curves.views.later")}</p>`;
  return html`<div data-test="curve-views" data-status=${newest.status}>
    <p class=${CLASSES[newest.status] ?? ""}>${viewsText(newest)}</p>
    ${areUnderWay(newest) && html`<${Progress} isQuiet share=${shareOf(newest)} label=${viewsText(newest)} />`}
  </div>`;
}

const shareOf = ({ rows, rows_done: done }) => (rows > 0 ? done / rows : null);

const CLASSES = { completed: "message good", failed: "message error", cancelled: "message" };

/** The state of views, in words. */
export function viewsText({ status, rows, rows_done: done, facts, error }) {
  if (status === "running" && rows > 0) {
    return t("curves.views.running", { done: number(done), count: rows });
  }
  if (status === "completed") {
    return t("curves.views.completed", { count: facts.rows_used, rows: facts.rows_with_curve });
  }
  if (status === "failed") return t("curves.views.failed", { why: error?.message ?? "" });
  return t(status === "cancelled" ? "curves.views.cancelled" : "curves.views.pending");
}
