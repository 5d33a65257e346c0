// The catalogues that were predicted in a workspace, newest first.

import { html } from "../lib/html.js";
import { dateTime, fileSize, number, percent, t } from "../lib/i18n.js";
import { useLivePages } from "../lib/live.js";
import { ActionButton, Failure, StatusBadge } from "../ui/basics.js";
import { DeleteBatch } from "./delete-batch.js";

const PAGE = 20;

// The server lists at most so many at once.
const MOST = 200;

export function BatchList({ workspace }) {
  const list = useBatches(workspace);
  if (list.batches === null) {
    return list.error ? html`<${Failure} error=${list.error} onRetry=${list.reload} />` : null;
  }
  if (list.batches.length === 0) return null;
  return html`
    <section class="card stack" aria-labelledby="earlier-title" data-test="batch-list">
      <h2 id="earlier-title">${t("predict.batch.earlier")}</h2>
      <div class="table-scroll" tabindex="0" role="region" aria-label=${t("predict.table")}>
        <table>
          <thead>
            <tr>
              <th scope="col">${t("predict.batch.file")}</th>
              <th scope="col">${t("predict.batch.state")}</th>
              <th scope="col" class="number">${t("predict.batch.all")}</th>
              <th scope="col">${t("predict.batch.posted")}</th>
              <th scope="col">${t("predict.batch.kept")}</th>
              <th scope="col"><span class="visually-hidden">${t("delete")}</span></th>
            </tr>
          </thead>
          <tbody>
            ${list.batches.map(
              (batch) =>
                html`<${Row} key=${batch.id} workspace=${workspace} batch=${batch} onDeleted=${list.reload} />`,
            )}
          </tbody>
        </table>
      </div>
      ${list.cursor &&
      html`<div class="actions"><${ActionButton} onAct=${list.loadMore}>${t("more")}<//></div>`}
    </section>
  `;
}

function Row({ workspace, batch, onDeleted }) {
  const isRunning = batch.status === "running";
  return html`
    <tr>
      <th scope="row">
        <a href=${`#/w/${workspace.id}/predict/batch/${batch.id}`}>${batch.file_name}</a>${" "}
        <span class="unit">${fileSize(batch.file_size)}</span>
      </th>
      <td>
        ${isRunning
          ? html`<span class="badge training">${t("predict.batch.running")} ${percent(batch.progress, 0)}</span>`
          : html`<${StatusBadge} status=${batch.status} />`}
      </td>
      <td class="number">${number(batch.rows_done)}</td>
      <td>${dateTime(batch.created_at)}</td>
      <td>
        ${batch.expired_at
          ? t("predict.batch.removed")
          : batch.expires_at && t("predict.batch.until", { when: dateTime(batch.expires_at) })}
      </td>
      <td>
        ${workspace.mayEdit &&
        !isUnderWay(batch) &&
        html`<${DeleteBatch} workspace=${workspace} batch=${batch} onDeleted=${onDeleted} />`}
      </td>
    </tr>
  `;
}

function useBatches(workspace) {
  const query = { workspace_key: workspace.key };
  const pages = { size: PAGE, most: MOST };
  const { items, ...rest } = useLivePages("/api/predict/batches", query, "batches", pages, isUnderWay);
  return { batches: items, ...rest };
}

function isUnderWay({ status }) {
  return status === "pending" || status === "running";
}
