// One test row in full: the prediction, its confidence, the catalogue values and the light curve.

import { get } from "../lib/api.js";
import { toQuery } from "../predict/candidate.js";
import { COLUMNS } from "../lib/columns.js";
import { useData } from "../lib/data.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { usePrediction } from "../predict/prediction-state.js";
import { className, Dialog, Failure, Loaded } from "../ui/basics.js";
import { nameOf } from "./confusion-rows.js";
import { useManifest } from "../models/model-choice.js";
import { Diagnostics } from "../predict/diagnostics.js";
import { Inferred } from "../predict/inferred.js";
import { RowDetail } from "../dataset-rows/row-detail.js";
import { Verdict } from "../predict/verdict.js";
import { Steps } from "../ui/steps.js";
import { Waiting } from "../ui/waiting.js";

/**
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {object} properties.session its dataset and its model are there
 * @param {number} properties.row its place among the dataset's accepted rows
 * @param {object[]} properties.listed rows of the list that it is in, to go to the next one
 * @param {object | null} properties.abstention of the evaluation
 * @param {(row: number) => void} properties.onGo
 * @param {() => void} properties.onClose
 */
export function RowDialog({ workspace, session, row, listed, abstention, onGo, onClose }) {
  const found = useData(() => loadRow(session.dataset_id, row), [session.dataset_id, row]);
  const title = nameOf(found.data ?? { star: null, row });
  return html`
    <${Dialog} title=${title} onClose=${onClose} isWide>
      <div class="stack" data-test="row-dialog">
        <${RowSteps} row=${row} listed=${listed} onGo=${onGo} />
        <${Loaded} of=${found}>
          ${(data) => html`<div class="two">
            <${RowPrediction}
              key=${row}
              workspace=${workspace}
              session=${session}
              row=${data}
              tested=${listed.find((each) => each.row === row)}
              abstention=${abstention}
            />
            <div class="stack">
              <${RowDetail}
                dataset=${{ id: session.dataset_id }}
                address=${datasetAddress(workspace, session)}
                row=${data}
              />
            </div>
          </div>`}
        <//>
      </div>
    <//>
  `;
}

function datasetAddress(workspace, { dataset_id: id }) {
  return `/w/${workspace.id}/datasets/${id}`;
}

async function loadRow(dataset, row) {
  const { rows } = await get(`/api/training/dataset/${dataset}/rows`, { offset: row, limit: 1, relations: false });
  if (rows.length === 0) throw new Error(t("evaluation.noSuchRow"));
  return rows[0];
}

/** To the rows before and after it in the list. */
function RowSteps({ row, listed, onGo }) {
  const at = listed.findIndex((each) => each.row === row);
  if (at < 0 || listed.length < 2) return null;
  return html`<${Steps}
    position=${at}
    count=${listed.length}
    label=${t("evaluation.steps")}
    text=${t("evaluation.position", { position: at + 1, all: listed.length })}
    onMove=${(to) => onGo(listed[to].row)}
  />`;
}

/** The prediction of the session's model; until it comes, what the evaluation has of the row. */
function RowPrediction({ workspace, session, row, tested, abstention }) {
  const candidate = Object.fromEntries(["star", ...COLUMNS].map((name) => [name, row[name]]));
  const datasetRow = { dataset_id: session.dataset_id, row: row.row };
  const question = { workspaceKey: workspace.key, modelId: session.model_id, source: null, candidate, datasetRow };
  const { answer, error, wait, retry } = usePrediction(question);
  const prediction = answer?.prediction ?? (tested && asPrediction(tested, abstention));
  const { data: manifest } = useManifest(session.model_id);
  const applied = abstention?.threshold ? abstention : null;
  const asked = toQuery(candidate, { model: session.model_id });
  return html`
    <div class="stack">
      ${prediction && html`<${RightOrWrong} row=${row} prediction=${prediction} />`}
      ${prediction && html`<div><${Verdict} prediction=${prediction} abstention=${applied} /></div>`}
      ${wait && html`<${Waiting} wait=${wait} />`}
      ${error && html`<${Failure} error=${error} onRetry=${retry} />`}
      ${!answer && !error && !wait && html`<p class="loading" role="status">${t("evaluation.asking")}</p>`}
      ${answer &&
      html`
        <div class="stack tight">
          <h3>${t("predict.diagnostics")}</h3>
          <${Diagnostics}
            prediction=${answer.prediction}
            trainedOn=${datasetAddress(workspace, session)}
          />
        </div>
        <div class="stack tight">
          <h3>${t("predict.inferred")}</h3>
          <${Inferred} prediction=${answer.prediction} candidate=${candidate} inputs=${manifest?.inputs} />
        </div>
      `}
      <div class="actions">
        <a class="button" href=${`#/w/${workspace.id}/predict?${asked}`}>${t("evaluation.inPredict")}</a>
      </div>
    </div>
  `;
}

/** Whether the prediction agrees with the catalogue. */
function RightOrWrong({ row, prediction }) {
  const isRight = row.label_name === prediction.label_name;
  return html`<p class="row">
    <span class="badge ${isRight ? "completed" : "failed"}">
      <span aria-hidden="true">${isRight ? "✓" : "✕"}</span>${" "}
      ${t(isRight ? "evaluation.right" : "evaluation.wrong")}
    </span>
    <span>${t("evaluation.labelled", { label: className(row.label_name) })}</span>
  </p>`;
}

function asPrediction({ probabilities, predicted_name: label }, abstention) {
  const threshold = abstention?.threshold ?? null;
  const highest = Math.max(...Object.values(probabilities));
  return { probabilities, label_name: label, uncertain: threshold === null ? null : highest < threshold };
}
