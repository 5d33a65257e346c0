// One catalogue: its progress, why it failed, or its predictions. The address alone names it.

import { conditional } from "../lib/api.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { useFollowed } from "../lib/live.js";
import { goTo } from "../lib/router.js";
import { useTitle } from "../lib/title.js";
import { Absent } from "../ui/absent.js";
import { PageHead } from "../ui/basics.js";
import { BatchProgress } from "./batch-progress.js";
import { BatchResult } from "./batch-result.js";
import { DeleteBatch } from "./delete-batch.js";
import { StatusBadge } from "../ui/basics.js";

export function BatchPage({ workspace, id, query }) {
  const { batch, error, isGone, ask } = useBatch(id);
  useTitle(batch?.file_name ?? t("predict.batch.title"));
  const home = `/w/${workspace.id}/predict/batch`;
  const isEnded = batch !== null && !isUnderWay(batch);
  const actions =
    isEnded &&
    workspace.mayEdit &&
    html`<${DeleteBatch} workspace=${workspace} batch=${batch} onDeleted=${() => goTo(home, { replace: true })} />`;
  return html`
    <${PageHead}
      title=${batch?.file_name ?? t("predict.batch.title")}
      back=${{ href: `#${home}`, text: t("predict.batch.back") }}
      actions=${actions}
    />
    ${batch === null
      ? html`<${Absent} ...${{ workspace, error, isGone, ask }} />`
      : html`<div class="stack">
          <${Content} workspace=${workspace} batch=${batch} query=${query} onChange=${ask} />
        </div>`}
  `;
}

function Content({ workspace, batch, query, onChange }) {
  if (isUnderWay(batch)) {
    return html`<${BatchProgress} workspace=${workspace} batch=${batch} onChange=${onChange} />`;
  }
  if (batch.expired_at !== null) return html`<p class="message">${t("predict.batch.expired")}</p>`;
  if (batch.status === "completed") {
    return html`<${BatchResult} workspace=${workspace} batch=${batch} query=${query} />`;
  }
  return html`
    <section class="card stack" data-test="batch-ended">
      <p><${StatusBadge} status=${batch.status} /></p>
      ${batch.error && html`<p class="message error" role="alert">${batch.error.message}</p>`}
    </section>
  `;
}

/** A batch that is followed while its page is open. */
function useBatch(id) {
  const path = `/api/predict/batches/${id}`;
  const { item, ...rest } = useFollowed(path, () => followBatch(path), isUnderWay);
  return { batch: item, ...rest };
}

function followBatch(path) {
  const next = conditional(() => path);
  return async () => (await next())?.batch ?? null;
}

function isUnderWay({ status }) {
  return status === "pending" || status === "running";
}
