// One upload: its progress, why it was refused, or its result.

import { html } from "../lib/html.js";
import { fileSize, percent, t } from "../lib/i18n.js";
import { abort, askHowToRead, dismiss, isUnderWay, mayRetry, retry } from "./uploads.js";
import { mayBeMapped } from "../reading/choices.js";
import { useFocusAfterForm } from "../reading/form.js";
import { RefusedFile } from "../reading/refused-file.js";
import { Progress } from "../ui/basics.js";
import { Waiting } from "../ui/waiting.js";
import { DatasetReading } from "./dataset-reading.js";
import { UploadResult } from "./upload-result.js";

/**
 * @param {object} properties
 * @param {object} properties.upload one of the queue
 * @param {{id: number, key: string}} properties.workspace
 * @param {() => void} properties.onChange a dataset was deleted
 */
export function UploadItem({ upload, workspace, onChange }) {
  const { id, file, stage, dataset, isReading } = upload;
  const size = fileSize(file.size);
  const heading = useFocusAfterForm(isReading);
  return html`
    <li class="card stack" data-test="upload" data-stage=${stage}>
      <div class="upload-head">
        <h2 tabindex="-1" ref=${heading}>
          ${dataset?.name ?? file.name} ${" "}
          <span class="unit">${!dataset || dataset.name === file.name ? size : `${file.name}, ${size}`}</span>
        </h2>
        <div class="actions">
          ${mayRetry(upload) &&
          html`<button type="button" onClick=${() => retry(id)}>${t("retry")}</button>`}
          ${isUnderWay(upload)
            ? html`<button type="button" onClick=${() => abort(id)}>${t("datasets.upload.abort")}</button>`
            : html`<button
                type="button"
                class="quiet"
                aria-label=${t("datasets.upload.dismiss", { name: file.name })}
                onClick=${() => dismiss(id)}
              >✕</button>`}
        </div>
      </div>
      <div>
        <p class="visually-hidden" role="status">${t(`datasets.stage.${stage}`)}</p>
        <${Outcome} upload=${upload} workspace=${workspace} onChange=${onChange} />
      </div>
      ${isReading && !isUnderWay(upload) && html`<${DatasetReading} upload=${upload} workspace=${workspace} />`}
    </li>
  `;
}

function Outcome({ upload, workspace, onChange }) {
  const { stage, share, error, wait } = upload;
  if (stage === "done") {
    return html`<${UploadResult} upload=${upload} workspace=${workspace} onChange=${onChange} />`;
  }
  if (stage === "refused") return html`<${Refused} upload=${upload} error=${error} />`;
  if (stage === "aborted" || stage === "lost") {
    return html`<p class="message warning">${t(`datasets.stage.${stage}`)}</p>`;
  }
  if (wait) return html`<${Waiting} wait=${wait} />`;
  const stageText = t(`datasets.stage.${stage}`);
  return html`
    <p class="row between" aria-hidden="true">
      <span>${stageText}</span>
      ${stage === "sending" && html`<span>${percent(share, 0)}</span>`}
    </p>
    <${Progress} key=${stage} share=${stage === "checking" ? null : share} label=${stageText} />
  `;
}

/** The form that asks for the columns opens by itself; it can be opened again once it was closed. */
function Refused({ upload: { id, isReading }, error }) {
  return html`
    <div class="stack">
      <${RefusedFile} error=${error} isShort=${isReading} />
      ${mayBeMapped(error) &&
      !isReading &&
      html`<div><button type="button" onClick=${() => askHowToRead(id)}>${t("reading.open")}</button></div>`}
    </div>
  `;
}
