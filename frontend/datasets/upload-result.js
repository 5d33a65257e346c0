// The result of an upload: what is wrong first, rows accepted and left out, and the next steps.

import { get } from "../lib/api.js";
import { useData } from "../lib/data.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Loaded } from "../ui/basics.js";
import { ClassCounts } from "./class-counts.js";
import { DeleteDataset } from "./delete-dataset.js";
import { formText, isReadAsSaid, ReadAs } from "./read-as.js";
import { RecognisedColumns } from "./recognised-columns.js";
import { RejectedRows } from "./rejected-rows.js";
import { ReportWarnings, urgentIn } from "../reading/report-warnings.js";
import { askHowToRead } from "./uploads.js";

/**
 * @param {object} properties
 * @param {object} properties.upload one that is done: `isNew` false: the workspace had these bytes, read in
 *   this way, already; `earlier`: what they became when they were read in another way
 * @param {{id: number}} properties.workspace
 * @param {() => void} properties.onChange a dataset was deleted
 */
export function UploadResult({ upload, workspace, onChange }) {
  const { dataset } = upload;
  const path = `/api/training/dataset/${dataset.id}`;
  const profiled = useData(() => get(path).then((answer) => answer.dataset), [path]);
  const page = `#/w/${workspace.id}/datasets/${dataset.id}`;
  // What is wrong stands before what went well, so neither is shown before both are known.
  if (profiled.isLoading && !profiled.data) return html`<p class="loading">${t("loading")}</p>`;
  return html`
    <div class="stack">
      <${Warnings} report=${profiled.data?.profile.report} page=${page} />
      <${Accepted} upload=${upload} />
      <${NextSteps} upload=${upload} workspace=${workspace} page=${page} onChange=${onChange} />
      <${ClassCounts} counts=${dataset.class_counts} />
      <${Loaded} of=${profiled}>
        ${(data) => html`
          <${RejectedRows} datasetId=${dataset.id} rejected=${data.profile.rejected} />
          <details class="disclosure">
            <summary>${formText(data)} ${" "} ${recognisedText(data.profile)}</summary>
            ${isReadAsSaid(data) && html`<${ReadAs} dataset=${data} />`}
            <${RecognisedColumns} dataset=${data} />
          </details>
        `}
      <//>
    </div>
  `;
}

function Accepted({ upload: { dataset, isNew, name } }) {
  const { num_samples: accepted, num_rejected: leftOut } = dataset;
  return html`
    <div class=${`message ${leftOut > accepted ? "" : "good"}`} data-test="upload-result">
      ${!isNew && html`<p>${existing(dataset, name)}</p>`}
      <p>
        <strong>${t("datasets.result.accepted", { count: accepted })}</strong>${" "}
        ${t("datasets.result.andLeftOut", { count: leftOut })}
      </p>
    </div>
  `;
}

function NextSteps({ upload: { id, dataset, earlier, isReading }, workspace, page, onChange }) {
  const train = `#/w/${workspace.id}/train?dataset=${dataset.id}`;
  return html`
    <div class="actions">
      ${workspace.mayEdit && html`<a class="button primary" href=${train}>${t("datasets.train")}</a>`}
      <a class="button" href=${page}>${t("datasets.view")}</a>
      ${!isReading &&
      html`<button type="button" onClick=${() => askHowToRead(id)}>${t("reading.open")}</button>`}
    </div>
    ${earlier &&
    earlier.id !== dataset.id &&
    html`<div class="message row between" data-test="earlier">
      <p>${t("datasets.result.earlier", { name: earlier.name })}</p>
      <${DeleteDataset} dataset=${earlier} workspace=${workspace} onDeleted=${onChange} />
    </div>`}
  `;
}

function recognisedText({ recognised }) {
  return t("datasets.columns.recognised", { count: Object.keys(recognised).length });
}

function existing({ name }, wantedName) {
  const isOtherName = wantedName && wantedName !== name;
  return t(isOtherName ? "datasets.result.existsOtherName" : "datasets.result.exists", { name });
}

/** What concerns most rows or a whole column is said at once; of the rest, that there is some. */
function Warnings({ report, page }) {
  if (!report?.warnings.length) return null;
  const urgent = urgentIn(report);
  const count = report.warnings.length - urgent.warnings.length;
  return html`
    ${urgent.warnings.length > 0 && html`<${ReportWarnings} report=${urgent} />`}
    ${count > 0 &&
    html`<p class="message warning">
      ${t("datasets.result.warnings", { count })} ${" "}
      <a href=${`${page}?tab=report`}>${t("datasets.result.readReport")}</a>
    </p>`}
  `;
}
