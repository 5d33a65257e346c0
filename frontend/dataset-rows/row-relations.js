// The relations of one row of a dataset, asked for again while the server is still finding them.

import { get } from "../lib/api.js";
import { html, useEffect } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { useLatest } from "../lib/latest.js";
import { Failure } from "../ui/basics.js";
import { Relations } from "./relations.js";

const AGAIN_MILLISECONDS = 2_000;

/**
 * They are found when they are first asked for, which may take minutes: the rest of the row does not wait.
 *
 * @param {object} properties
 * @param {{id: number}} properties.dataset
 * @param {string} properties.address of the dataset's page
 * @param {number} properties.row its place among the accepted rows
 */
export function RowRelations({ dataset, address, row }) {
  const path = `/api/training/dataset/${dataset.id}/rows`;
  const load = (offset) => get(path, { offset, limit: 1 });
  const { key, data, error, reload } = useLatest(load, row);
  const isOfRow = key === row && data !== null;
  const isPending = isOfRow && error === null && areBeingFound(data);
  useEffect(() => {
    if (!isPending) return undefined;
    const timer = setTimeout(reload, AGAIN_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [data, isPending]); // each answer is an object of its own
  if (error) return html`<${Failure} error=${error} onRetry=${reload} />`;
  if (!isOfRow || isPending) return html`<p class="loading">${t("relations.loading")}</p>`;
  return html`<${Relations} relations=${data.rows[0]?.relations} isTableRow table=${address} />`;
}

/** Whether the same request will soon have another answer; servers of earlier releases answer when they are found. */
export function areBeingFound({ relations_state: state }) {
  return state === "pending";
}
