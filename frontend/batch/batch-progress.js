// The progress of a catalogue: on its way to the server, and while it is predicted there.

import { post } from "../lib/api.js";
import { abort } from "./batch-upload.js";
import { html } from "../lib/html.js";
import { fileSize, percent, t } from "../lib/i18n.js";
import { ActionButton, Progress } from "../ui/basics.js";
import { Waiting } from "../ui/waiting.js";

export function BatchSending({ state: { file, share, wait } }) {
  const text = share < 1 ? t("predict.batch.sending", { size: fileSize(file.size) }) : t("predict.batch.sent");
  return html`
    <section class="card stack" aria-labelledby="progress-title" data-test="batch-sending">
      <h2 id="progress-title">${file.name}</h2>
      ${wait
        ? html`<${Waiting} wait=${wait} />`
        : html`<p role="status">${text}</p>
            <${Progress} share=${share < 1 ? share : null} label=${text} />`}
      <div class="actions"><button type="button" onClick=${abort}>${t("predict.batch.abort")}</button></div>
    </section>
  `;
}

/** @param {{workspace: object, batch: object, onChange: () => void}} properties a batch that has not ended */
export function BatchProgress({ workspace, batch, onChange }) {
  const { status, request, rows_done: count, file_name: name, light_curves: curves } = batch;
  const isPreparing = Boolean(curves) && curves.facts === null;
  const progress = isPreparing ? curves.progress : batch.progress;
  const isRunning = status === "running";
  const running = isPreparing ? "predict.batch.curves.preparing" : "predict.batch.running";
  const done = isPreparing
    ? t("predict.batch.curves.prepared", { done: curves.rows_done, count: curves.rows })
    : t("predict.batch.rowsDone", { count });
  const text = t(request ? "predict.batch.ending" : isRunning ? running : "predict.batch.waiting");
  const cancel = async () => {
    await post(`/api/predict/batches/${batch.id}/cancel`);
    onChange();
  };
  return html`
    <section class="card stack" aria-labelledby="progress-title" data-test="batch-progress">
      <h2 id="progress-title">${name}</h2>
      <p>
        <span role="status">${text}</span>
        ${isRunning && html`<span> · ${percent(progress, 0)} · ${done}</span>`}
      </p>
      <${Progress} share=${isRunning ? progress : null} label=${text} />
      <p class="hint">${t("predict.batch.leave")}</p>
      ${workspace.mayEdit &&
      html`<div class="actions">
        <${ActionButton} data-test="batch-cancel" disabled=${request !== null} onAct=${cancel}>
          ${t("predict.batch.cancel")}
        <//>
      </div>`}
    </section>
  `;
}
