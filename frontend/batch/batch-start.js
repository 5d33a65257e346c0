// Before a catalogue is predicted: the file, the model, and why the last attempt failed.

import { ApiError } from "../lib/api.js";
import { chooseFile, forget, start } from "./batch-job.js";
import { html, useState } from "../lib/html.js";
import { fileSize, t } from "../lib/i18n.js";
import { goTo } from "../lib/router.js";
import { Failure } from "../ui/basics.js";
import { CatalogueHelp } from "../datasets/catalogue-help.js";
import { DropZone } from "../ui/drop-zone.js";
import { ModelChoice } from "../models/model-choice.js";
import { RefusedFile } from "../datasets/refused-file.js";

const ACCEPT = ".csv,.tsv,.txt,text/csv,text/tab-separated-values";

/**
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {object[]} properties.models
 * @param {object} properties.query `model`: the id of one
 * @param {object | null} properties.job what was done last in this workspace
 */
export function BatchStart({ workspace, models, query, job }) {
  const [modelId, setModelId] = useState(query.model ?? "");
  const model = models.find((each) => (modelId === "" ? each.is_current : String(each.id) === modelId));
  const file = job?.file ?? null;
  const chooseModel = (id) => {
    setModelId(id);
    goTo(`/w/${workspace.id}/predict/batch${id && `?model=${id}`}`, { replace: true });
  };
  return html`
    <section class="card stack" aria-labelledby="batch-title">
      <h2 id="batch-title">${t("predict.batch.file")}</h2>
      <${DropZone}
        isSingle
        test="batch-drop"
        accept=${ACCEPT}
        button=${t("predict.batch.pick")}
        onFiles=${([chosen]) => chooseFile(workspace, chosen)}
      >
        ${() => html`<p>${t("predict.batch.drop")}</p>`}
      <//>
      <p class="hint">${t("predict.batch.forms")}</p>
      ${file && html`<${ChosenFile} job=${job} />`}
      <${CatalogueHelp} />
      <${ModelChoice}
        id="batch-model"
        models=${models}
        value=${modelId}
        workspaceId=${workspace.id}
        onChange=${chooseModel}
      />
      <${Outcome} job=${job} />
      <div class="actions">
        <button
          type="button"
          class="primary"
          data-test="batch-start"
          disabled=${!file || !model}
          onClick=${() => start(workspace, model)}
        >
          ${t(
            job?.stage === "failed" || job?.stage === "aborted"
              ? "predict.batch.again"
              : "predict.batch.button",
          )}
        </button>
        ${!file && html`<span class="hint">${t("predict.batch.fileFirst")}</span>`}
      </div>
    </section>
  `;
}

function ChosenFile({ job: { file, rows } }) {
  return html`
    <p class="row" role="status">
      <strong>${file.name}</strong>
      <span class="unit">${fileSize(file.size)}</span>
      <span class="unit"
        >${rows === null ? t("predict.batch.counting") : t("predict.batch.rows", { count: rows })}</span
      >
      <button type="button" class="quiet" onClick=${forget}>${t("remove")}</button>
    </p>
  `;
}

function Outcome({ job }) {
  if (job?.stage === "aborted")
    return html`<p class="message" role="status">${t("predict.batch.aborted")}</p>`;
  if (job?.stage !== "failed") return null;
  const isRefused = job.error instanceof ApiError && job.error.status === 422;
  return isRefused ? html`<${RefusedFile} error=${job.error} />` : html`<${Failure} error=${job.error} />`;
}
