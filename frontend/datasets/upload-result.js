// The result of an upload: rows accepted and left out, columns recognised, and the next step.

import { get } from "../lib/api.js";
import { useData } from "../lib/data.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Loaded } from "../ui/basics.js";
import { ClassCounts } from "./class-counts.js";
import { RecognisedColumns } from "./recognised-columns.js";
import { RejectedRows } from "./rejected-rows.js";
import { ReportWarnings } from "./report-warnings.js";

const AT_ONCE = new Set([
  "most_rows_left_out",
  "unlikely_unit",
  "placeholder",
  "unknown_labels",
  "binary_labels",
  "similar_name",
  "lost_stars",
]);

/**
 * @param {object} properties
 * @param {object} properties.dataset as the upload's answer has it
 * @param {boolean} properties.isNew false: the workspace had these bytes already
 * @param {string} properties.wantedName what it should be called; "" for the file's name
 * @param {{id: number}} properties.workspace
 */
export function UploadResult({ dataset, isNew, wantedName, workspace }) {
  const path = `/api/training/dataset/${dataset.id}`;
  const profiled = useData(() => get(path).then((answer) => answer.dataset), [path]);
  const train = `#/w/${workspace.id}/train?dataset=${dataset.id}`;
  const page = `#/w/${workspace.id}/datasets/${dataset.id}`;
  return html`
    <div class="stack">
      <div class="message good" data-test="upload-result">
        ${!isNew && html`<p>${existing(dataset, wantedName)}</p>`}
        <p>
          <strong>${t("datasets.result.accepted", { count: dataset.num_samples })}</strong>${" "}
          ${t("datasets.result.andLeftOut", { count: dataset.num_rejected })}
        </p>
      </div>
      <div class="actions">
        ${workspace.mayEdit && html`<a class="button primary" href=${train}>${t("datasets.train")}</a>`}
        <a class="button" href=${page}>${t("datasets.view")}</a>
      </div>
      <${ClassCounts} counts=${dataset.class_counts} />
      <${Loaded} of=${profiled}>
        ${({ profile }) => html`
          <${Warnings} report=${profile.report} page=${page} />
          <${RejectedRows} datasetId=${dataset.id} rejected=${profile.rejected} />
          <details class="disclosure">
            <summary>${t(`datasets.form.${profile.form ?? dataset.source}`)} ${" "} ${recognisedText(profile)}</summary>
            <${RecognisedColumns} profile=${profile} />
          </details>
        `}
      <//>
    </div>
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
  const urgent = report.warnings.filter(({ code }) => AT_ONCE.has(code));
  const count = report.warnings.length - urgent.length;
  return html`
    ${urgent.length > 0 && html`<${ReportWarnings} report=${{ ...report, warnings: urgent }} />`}
    ${count > 0 &&
    html`<p class="message warning">
      ${t("datasets.result.warnings", { count })} ${" "}
      <a href=${`${page}?tab=report`}>${t("datasets.result.readReport")}</a>
    </p>`}
  `;
}
