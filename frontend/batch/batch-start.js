// Before a catalogue is sent: the file, the model, and why the last attempt failed.

import { ApiError, saveBlob } from "../lib/api.js";
import { BatchCurves, setsFor } from "./batch-curves.js";
import { BatchReading } from "./batch-reading.js";
import { askHowToRead, chooseFile, forget, post, predictAtOnce, readAs } from "./batch-upload.js";
import { html, useState } from "../lib/html.js";
import { fileSize, t } from "../lib/i18n.js";
import { goTo } from "../lib/router.js";
import { Failure } from "../ui/basics.js";
import { CatalogueHelp } from "../datasets/catalogue-help.js";
import { DropZone } from "../ui/drop-zone.js";
import { ModelChoice } from "../models/model-choice.js";
import { isNothingSaid } from "../reading/choices.js";
import { useFocusAfterForm } from "../reading/form.js";
import { RefusedFile } from "../reading/refused-file.js";

const ACCEPT = ".csv,.tsv,.txt,.dat,.tbl,.ecsv,.xml,.vot,.fits,.parquet,.xlsx,text/csv,text/tab-separated-values";

/**
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {object[]} properties.models
 * @param {object} properties.query `model`: the id of one
 * @param {{sets: object[], networks: object[]}} properties.curves what a model may read besides
 * @param {object | null} properties.state of the file that was chosen in this workspace
 */
export function BatchStart({ workspace, models, query, curves, state }) {
  const [modelId, setModelId] = useState(query.model ?? "");
  const model = models.find((each) => (modelId === "" ? each.is_current : String(each.id) === modelId));
  const [setId, setSetId] = useState("");
  const sets = workspace.mayEdit ? setsFor(model, curves.sets, curves.networks) : [];
  const curveSet = sets.find(({ id }) => String(id) === setId) ?? null;
  const file = state?.file ?? null;
  const isReading = state?.isReading ?? false;
  const heading = useFocusAfterForm(isReading);
  const chooseModel = (id) => {
    setModelId(id);
    goTo(`/w/${workspace.id}/predict/batch${id && `?model=${id}`}`, { replace: true });
  };
  const start = () =>
    workspace.mayEdit
      ? post(workspace, model, curveSet)
      : predictAtOnce(workspace, model, (csv) => saveBlob(csv, csvName(file.name)));
  return html`
    <section class="card stack" aria-labelledby="batch-title">
      <h2 id="batch-title" tabindex="-1" ref=${heading}>${t("predict.batch.file")}</h2>
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
      ${file && html`<${ChosenFile} state=${state} />`}
      <${CatalogueHelp} />
      <${ModelChoice}
        id="batch-model"
        models=${models}
        value=${modelId}
        workspaceId=${workspace.id}
        onChange=${chooseModel}
      />
      <${BatchCurves} sets=${sets} value=${curveSet ? setId : ""} onChange=${setSetId} />
      <${Outcome} state=${state} />
      ${!workspace.mayEdit && html`<p class="message">${t("predict.batch.viewer")}</p>`}
      ${isReading
        ? html`<${BatchReading}
            workspace=${workspace}
            state=${state}
            hasModel=${Boolean(model)}
            onPredict=${(said) => {
              readAs(said);
              start();
            }}
          />`
        : html`<div class="actions">
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
          </div>`}
    </section>
  `;
}

function startText(workspace, state) {
  if (state?.stage === "failed" || state?.stage === "aborted") return "predict.batch.again";
  return workspace.mayEdit ? "predict.batch.button" : "predict.batch.atOnce";
}

function ChosenFile({ state: { file, said, isReading } }) {
  return html`
    <p class="row">
      <span role="status">
        <strong>${file.name}</strong>${" "}
        <span class="unit">${fileSize(file.size)}${!isNothingSaid(said) && `, ${t("datasets.readAs.fact")}`}</span>
      </span>
      ${!isReading &&
      html`<button type="button" onClick=${() => askHowToRead()}>${t("reading.ask")}</button>`}
      <button type="button" class="quiet" onClick=${forget}>${t("remove")}</button>
    </p>
  `;
}

function Outcome({ state }) {
  if (state?.stage === "aborted")
    return html`<p class="message" role="status">${t("predict.batch.aborted")}</p>`;
  if (state?.stage !== "failed") return null;
  const isRefused = state.error instanceof ApiError && state.error.status === 422;
  return isRefused
    ? html`<${RefusedFile} error=${state.error} isShort=${state.isReading} />`
    : html`<${Failure} error=${state.error} />`;
}

/** What the table with predictions is called. */
export function csvName(name) {
  return `${name.replace(/\.csv$/, "")}_predictions.csv`;
}
