// Keeps rows of a predicted catalogue as an analysis: those selected, else those shown.

import { post } from "../lib/api.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { withPatience } from "../lib/patience.js";
import { candidateOf } from "../results/results.js";
import { MOST_SAVED, SaveAnalysis } from "../predict/save-analysis.js";

/**
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {object} properties.job that is done
 * @param {object[]} properties.shown
 * @param {object[]} properties.selected
 */
export function BatchSave({ workspace, job, shown, selected }) {
  const [kept, setKept] = useState(null);
  const wanted = selected.length > 0 ? selected : shown;
  const isTooMany = wanted.length > MOST_SAVED;
  const key = selected.length > 0 ? "predict.save.selected" : "predict.save.shown";
  return html`
    <button
      type="button"
      data-test="save-analysis"
      disabled=${isTooMany || wanted.length === 0}
      aria-describedby=${isTooMany ? "too-many" : undefined}
      onClick=${() => setKept(wanted)}
    >
      ${t(key, { count: wanted.length })}
    </button>
    ${isTooMany &&
    html`<span class="hint" id="too-many">${t("predict.save.tooMany", { most: MOST_SAVED })}</span>`}
    ${kept &&
    html`<${SaveAnalysis}
      workspace=${workspace}
      count=${kept.length}
      title=${job.file.name}
      prepare=${(onWait) => prepare(workspace, job, kept, onWait)}
      onClose=${() => setKept(null)}
    />`}
  `;
}

/** Predicts the rows again: the CSV lacks some of what an analysis keeps. */
async function prepare(workspace, job, results, onWait) {
  const candidates = results.map(candidateOf);
  const good = candidates.filter((_, n) => results[n].error === null);
  const predicted = good.length > 0 ? await predictRows(workspace, job, good, onWait) : [];
  const next = predicted[Symbol.iterator]();
  const predictions = results.map(({ error }) =>
    error === null ? next.next().value : { error: error.slice(0, 1000) },
  );
  return { modelId: job.model.id, candidates, predictions };
}

async function predictRows(workspace, { model, answer }, rows, onWait) {
  const asked = { workspace_key: workspace.key, model_id: model.id, source: answer.source, rows };
  return (await withPatience(() => post("/api/predict", asked), { onWait })).predictions;
}
