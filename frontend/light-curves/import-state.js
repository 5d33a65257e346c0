// The newest import of a curve set: its progress, why it failed, the files that were refused, and notes.

import { post } from "../lib/api.js";
import { SETS } from "../lib/curve-sets.js";
import { html } from "../lib/html.js";
import { dateTime, fileSize, number, percent, t } from "../lib/i18n.js";
import { ActionButton, Progress, StatusBadge } from "../ui/basics.js";
import { Remarks } from "./remarks.js";
import { isUnderWay, shareOf } from "./states.js";

/** @param {{workspace: object, curveSet: object, onChange: () => void}} properties */
export function ImportState({ workspace, curveSet, onChange }) {
  const { job, name } = curveSet;
  if (!job) return null;
  return html`
    <section class="card stack" aria-labelledby="curves-import" data-test="curve-import" data-status=${job.status}>
      <h2 id="curves-import">${t("curves.import.title")}</h2>
      ${isUnderWay(curveSet)
        ? html`<${Running} workspace=${workspace} curveSet=${curveSet} onChange=${onChange} />`
        : html`<${Ended} job=${job} />`}
      <${Remarks}
        kind="refusals"
        list=${job.refusals}
        total=${job.refused}
        fileName=${`${name}_refused_files.csv`}
      />
      <${Remarks} kind="notes" list=${job.notes} total=${job.notes.length} fileName=${`${name}_notes.csv`} />
    </section>
  `;
}

function Running({ workspace, curveSet, onChange }) {
  const { status, request, bytes, bytes_done: done } = curveSet.job;
  const share = shareOf(curveSet.job);
  const isRunning = status === "running";
  const text = t(request ? "curves.import.ending" : isRunning ? "curves.import.running" : "curves.import.pending");
  const cancel = async () => {
    await post(`${SETS}/${curveSet.id}/cancel`);
    onChange();
  };
  return html`
    <div>
      <p class="row between">
        <span role="status">${text}</span>
        ${share !== null &&
        html`<span>
          ${t("curves.upload.sent", { sent: fileSize(done), all: fileSize(bytes), share: percent(share, 0) })}
        </span>`}
      </p>
      <${Progress} share=${share} label=${text} />
    </div>
    <${Counts} job=${curveSet.job} />
    <p class="hint">${t("curves.import.leave")}</p>
    ${workspace.mayEdit &&
    html`<div class="actions">
      <${ActionButton} data-test="curves-cancel" disabled=${request !== null} onAct=${cancel}>
        ${t("curves.import.cancel")}
      <//>
    </div>`}
  `;
}

function Ended({ job }) {
  const { status, error, completed_at: when } = job;
  return html`
    <p class="row" role="status"><${StatusBadge} status=${status} /> <span class="hint">${dateTime(when)}</span></p>
    ${error && html`<p class="message error" role="alert" lang="en">${error.message}</p>`}
    <${Counts} job=${job} />
  `;
}

function Counts({ job }) {
  const counts = { taken: job.taken, refused: job.refused, ...(job.repeated > 0 ? { repeated: job.repeated } : {}) };
  return html`<dl class="figures compact">
    ${Object.entries(counts).map(
      ([name, count]) => html`<div key=${name} data-test=${`import-${name}`}>
        <dt>${t(`curves.import.${name}`)}</dt>
        <dd>${number(count)}</dd>
      </div>`,
    )}
  </dl>`;
}
