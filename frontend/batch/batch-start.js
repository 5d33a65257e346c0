// Before a catalogue is sent: the file, the model, and why the last attempt failed.

import { ApiError, saveBlob } from "../lib/api.js";
import { chooseFile, forget, post, predictAtOnce } from "./batch-upload.js";
import { html, useState } from "../lib/html.js";
import { fileSize, t } from "../lib/i18n.js";
import { goTo } from "../lib/router.js";
import { Failure } from "../ui/basics.js";
import { CatalogueHelp } from "../datasets/catalogue-help.js";
import { DropZone } from "../ui/drop-zone.js";
import { ModelChoice } from "../models/model-choice.js";
import { RefusedFile } from "../datasets/refused-file.js";

const ACCEPT = ".csv,.tsv,.txt,.dat,.tbl,.ecsv,.xml,.vot,.fits,.parquet,.xlsx,text/csv,text/tab-separated-values";

/**
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {object[]} properties.models
 * @param {object} properties.query `model`: the id of one
 * @param {object | null} properties.state of the file that was chosen in this workspace
 */
export function BatchStart({ workspace, models, query, state }) {
  const [modelId, setModelId] = useState(query.model ?? "");
  const model = models.find((each) => (modelId === "" ? each.is_current : String(each.id) === modelId));
  const file = state?.file ?? null;
  const chooseModel = (id) => {
    setModelId(id);
    goTo(`/w/${workspace.id}/predict/batch${id && `?model=${id}`}`, { replace: true });
  };
  const start = () =>
    workspace.mayEdit
      ? post(workspace, model)
      : predictAtOnce(workspace, model, (csv) => saveBlob(csv, csvName(file.name)));
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
      ${file && html`<${ChosenFile} file=${file} />`}
      <${CatalogueHelp} />
      <${ModelChoice}
        id="batch-model"
        models=${models}
        value=${modelId}
        workspaceId=${workspace.id}
        onChange=${chooseModel}
      />
      <${Outcome} state=${state} />
      ${!workspace.mayEdit && html`<p class="message">${t("predict.batch.viewer")}</p>`}
      <div class="actions">
        <button
          type="button"
          class="primary"
          data-test="batch-start"
          disabled=${!file || !model}
          onClick=${start}
        >
          ${t(startText(workspace, state))}
        </button>
        ${!file && html`<span class="hint">${t("predict.batch.fileFirst")}</span>`}
      </div>
    </section>
  `;
}

function startText(workspace, state) {
  if (state?.stage === "failed" || state?.stage === "aborted") return "predict.batch.again";
  return workspace.mayEdit ? "predict.batch.button" : "predict.batch.atOnce";
}

function ChosenFile({ file }) {
  return html`
    <p class="row" role="status">
      <strong>${file.name}</strong>
      <span class="unit">${fileSize(file.size)}</span>
      <button type="button" class="quiet" onClick=${forget}>${t("remove")}</button>
    </p>
  `;
}

function Outcome({ state }) {
  if (state?.stage === "aborted")
    return html`<p class="message" role="status">${t("predict.batch.aborted")}</p>`;
  if (state?.stage !== "failed") return null;
  const isRefused = state.error instanceof ApiError && state.error.status === 422;
  return isRefused ? html`<${RefusedFile} error=${state.error} />` : html`<${Failure} error=${state.error} />`;
}

/** What the table with predictions is called. */
export function csvName(name) {
  return `${name.replace(/\.csv$/, "")}_predictions.csv`;
}
