// What is usual of the numbers of light curves, in a row's dataset: once its views are prepared.

import { get, post } from "../lib/api.js";
import { SETS } from "../lib/curve-sets.js";
import { usePolling } from "../lib/data.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { ActionButton } from "../ui/basics.js";

/**
 * Where a number stands among those of planets.
 *
 * @param {number | null} value
 * @param {{p10: number, p90: number} | null | undefined} planets
 * @returns {"below" | "above" | null} null: in the range of four planets in five, or nobody knows
 */
export function placeOf(value, planets) {
  if (value === null || !planets) return null;
  if (value < planets.p10) return "below";
  return value > planets.p90 ? "above" : null;
}

const isUnderWay = (status) => status === "pending" || status === "running";

/**
 * Why nothing is said to be usual, and what to do.
 *
 * @param {object} properties
 * @param {{id: number}} properties.curveSet
 * @param {{id: number}} properties.dataset
 * @param {string | null} properties.status of the views of the dataset's rows; null: nobody has asked for them
 * @param {boolean} properties.mayEdit
 * @param {() => void} properties.onReady is called once they are prepared
 */
export function UsualMissing({ curveSet, dataset, status, mayEdit, onReady }) {
  const [newest, setNewest] = useState(status);
  const path = `${SETS}/${curveSet.id}/views`;
  const take = ({ views }) => {
    setNewest(views?.status ?? null); // null: they were deleted, or are of an earlier version of the set
    if (views?.status === "completed") onReady();
  };
  const ask = async () => take(await get(path, { dataset_id: dataset.id }));
  usePolling(ask, isUnderWay(newest), [curveSet.id, dataset.id]);
  const mayAsk = mayEdit && !isUnderWay(newest) && newest !== "completed";
  const prepare = async () => take(await post(path, { dataset_id: dataset.id }));
  return html`<div class="stack tight" data-test="usual-missing" data-status=${newest}>
    <p class="hint" role="status">${t(`curves.usual.missing.${newest ?? "none"}`)}</p>
    ${mayAsk &&
    html`<div class="actions">
      <${ActionButton} onAct=${prepare}>${t("curves.usual.prepare")}<//>
    </div>`}
  </div>`;
}
