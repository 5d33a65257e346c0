// What a file would be as a dataset, read as it was said: nothing is stored yet.

import { columnName } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { ClassCounts } from "./class-counts.js";
import { reasonText } from "./rejected-rows.js";
import { ReportWarnings, urgentIn } from "./report-warnings.js";
import { firstSentence } from "./server-sentences.js";

/** @param {{answer: object, workspace: {id: number}}} properties a preview */
export function ReadingOutcome({ answer, workspace }) {
  if (!answer.is_usable) return html`<${NotUsable} answer=${answer} />`;
  const { num_samples: accepted, num_rejected: leftOut, existing_dataset_id: existing, profile } = answer;
  if (existing !== null) return html`<${Existing} id=${existing} workspace=${workspace} />`;
  const urgent = urgentIn(profile.report);
  const isMostLost = leftOut > accepted;
  return html`
    <div class="stack" data-test="reading-outcome">
      ${urgent.warnings.length > 0 && html`<${ReportWarnings} report=${urgent} />`}
      <div class=${`message ${isMostLost ? "" : "good"}`}>
        <p>
          <strong>${t("datasets.reading.accepted", { count: accepted })}</strong>${" "}
          ${t("datasets.result.andLeftOut", { count: leftOut })}
        </p>
      </div>
      <${ClassCounts} counts=${answer.class_counts} />
      ${leftOut > 0 &&
      html`<ul>
        ${Object.entries(profile.rejected.by_reason).map(
          ([reason, count]) => html`<li key=${reason}>${reasonText(reason, count)}</li>`,
        )}
      </ul>`}
    </div>
  `;
}

function Existing({ id, workspace }) {
  return html`<p class="message" data-test="reading-outcome">
    ${t("datasets.reading.exists")}${" "}
    <a href=${`#/w/${workspace.id}/datasets/${id}`}>${t("datasets.view")}</a>
  </p>`;
}

function NotUsable({ answer: { missing, problem } }) {
  return html`
    <div class="message warning" data-test="reading-outcome">
      ${missing.length > 0
        ? html`<p>${t("datasets.reading.stillMissing", { columns: missing.map(columnName).join(", ") })}</p>`
        : html`<p>${t("datasets.reading.notUsable")}</p>
            <p lang="en">${firstSentence(problem)}</p>`}
    </div>
  `;
}
