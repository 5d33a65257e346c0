// The uploads of a workspace or of one set: how far each is, or why it was not accepted.

import { html } from "../../lib/html.js";
import { fileSize, percent, t } from "../../lib/i18n.js";
import { useStore } from "../../lib/store.js";
import { Failure, Progress } from "../../ui/basics.js";
import { abort, dismiss, isUnderWay, retry, uploads } from "./uploads.js";

/** @param {{workspace: {id: number}, curveSet?: object}} properties only those into the set, where one is named */
export function Uploads({ workspace, curveSet = null }) {
  const list = useStore(uploads, (state) =>
    state.list.filter(
      (each) => each.workspace.id === workspace.id && (!curveSet || each.curveSet?.id === curveSet.id),
    ),
  );
  if (list.length === 0) return null;
  return html`<ul class="plain stack" aria-label=${t("curves.upload.list")}>
    ${list.map((each) => html`<${Item} key=${each.id} upload=${each} />`)}
  </ul>`;
}

function Item({ upload }) {
  const { id, name, files, bytes, stage } = upload;
  const mayRetry = stage === "refused" || stage === "aborted";
  return html`
    <li class="card stack" data-test="curves-upload" data-stage=${stage}>
      <div class="upload-head">
        <h2>
          ${name} ${" "}
          <span class="unit">${t("curves.files", { count: files })}, ${fileSize(bytes)}</span>
        </h2>
        <div class="actions">
          ${mayRetry && html`<button type="button" onClick=${() => retry(id)}>${t("retry")}</button>`}
          ${isUnderWay(upload)
            ? html`<button type="button" disabled=${stage === "posting"} onClick=${() => abort(id)}>
                ${t("curves.upload.abort")}
              </button>`
            : html`<button
                type="button"
                class="quiet"
                aria-label=${t("curves.upload.dismiss", { name })}
                onClick=${() => dismiss(id)}
              >✕</button>`}
        </div>
      </div>
      <${State} upload=${upload} />
    </li>
  `;
}

function State({ upload: { stage, sent, bytes, isBroken, error } }) {
  if (stage === "refused") return html`<${Failure} error=${error} />`;
  if (stage === "aborted") return html`<p class="message warning" role="status">${t("curves.stage.aborted")}</p>`;
  const text = t(isBroken ? "curves.stage.broken" : `curves.stage.${stage}`);
  const share = bytes > 0 ? Math.min(1, sent / bytes) : 0;
  return html`
    <div>
      <p class="row between">
        <span role="status">${text}</span>
        ${stage === "sending" &&
        html`<span data-test="curves-sent">
          ${t("curves.upload.sent", { sent: fileSize(sent), all: fileSize(bytes), share: percent(share, 0) })}
        </span>`}
      </p>
      <${Progress} key=${stage} share=${stage === "posting" ? null : share} label=${text} />
    </div>
  `;
}
