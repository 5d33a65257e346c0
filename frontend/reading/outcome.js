// What would come of a file, read as it was said: nothing is stored yet.

import { columnName } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { LeftOut } from "./left-out.js";
import { ReportWarnings, urgentIn } from "./report-warnings.js";
import { firstSentence } from "./server-sentences.js";

/**
 * @param {object} properties
 * @param {"dataset" | "batch"} properties.kind what the table is read for
 * @param {object} properties.answer a preview
 * @param {number} properties.used how many of its rows would be used
 * @param {any} [properties.children] what else there is to say of them
 */
export function ReadingOutcome({ kind, answer, used, children }) {
  if (!answer.is_usable) return html`<${NotUsable} answer=${answer} />`;
  const { num_rejected: leftOut, profile } = answer;
  const urgent = urgentIn(profile.report);
  return html`
    <div class="stack" data-test="reading-outcome">
      ${urgent.warnings.length > 0 && html`<${ReportWarnings} report=${urgent} />`}
      <div class=${`message ${leftOut > used ? "" : "good"}`}>
        <p>
          <strong>${t(`reading.used.${kind}`, { count: used })}</strong>${" "}
          ${t("datasets.result.andLeftOut", { count: leftOut })}
        </p>
      </div>
      ${children}
      <${LeftOut} reasons=${profile.rejected.by_reason} />
    </div>
  `;
}

function NotUsable({ answer: { missing, problem } }) {
  return html`
    <div class="message warning" data-test="reading-outcome">
      ${missing.length > 0
        ? html`<p>${t("reading.stillMissing", { columns: missing.map(columnName).join(", ") })}</p>`
        : html`<p>${t("reading.notUsable")}</p>
            <p lang="en">${firstSentence(problem)}</p>`}
    </div>
  `;
}
