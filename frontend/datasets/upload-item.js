// One upload: its progress, why it was refused, or its result.

import { html } from "../lib/html.js";
import { fileSize, percent, t } from "../lib/i18n.js";
import { abort, dismiss, isUnderWay, mayRetry, retry } from "./uploads.js";
import { Progress } from "../ui/basics.js";
import { Waiting } from "../ui/waiting.js";
import { RefusedFile } from "./refused-file.js";
import { UploadResult } from "./upload-result.js";

export function UploadItem({ upload, workspace }) {
  const { id, file, stage, dataset } = upload;
  const size = fileSize(file.size);
  return html`
    <li class="card stack" data-test="upload" data-stage=${stage}>
      <div class="upload-head">
        <h2>
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
        <${Outcome} upload=${upload} workspace=${workspace} />
      </div>
    </li>
  `;
}

function Outcome({ upload, workspace }) {
  const { stage, share, error, dataset, isNew, name, wait } = upload;
  if (stage === "done") {
    return html`<${UploadResult}
      dataset=${dataset}
      isNew=${isNew}
      wantedName=${name}
      workspace=${workspace}
    />`;
  }
  if (stage === "refused") return html`<${RefusedFile} error=${error} />`;
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
