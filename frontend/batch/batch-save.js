// Keeps rows of a predicted catalogue as an analysis: those selected, else all that the filters leave.

import { post } from "../lib/api.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { withPatience } from "../lib/patience.js";
import { asInTable, candidateOf } from "../results/results.js";
import { MOST_SAVED, SaveAnalysis } from "../predict/save-analysis.js";

/**
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {object} properties.batch that is completed
 * @param {number} properties.total rows that the filters leave
 * @param {object[]} properties.selected
 * @param {(count: number) => Promise<object[]>} properties.load so many rows that the filters leave
 */
export function BatchSave({ workspace, batch, total, selected, load }) {
  const [kept, setKept] = useState(null);
  const count = selected.length || total;
  const isTooMany = count > MOST_SAVED;
  const key = selected.length > 0 ? "predict.save.selected" : "predict.save.shown";
  const wanted = selected.length > 0 ? async () => selected : () => load(count);
  return html`
    <button
      type="button"
      data-test="save-analysis"
      disabled=${isTooMany || count === 0}
      aria-describedby=${isTooMany ? "too-many" : undefined}
      onClick=${() => setKept({ count, wanted })}
    >
      ${t(key, { count })}
    </button>
    ${isTooMany &&
    html`<span class="hint" id="too-many">${t("predict.save.tooMany", { most: MOST_SAVED })}</span>`}
    ${kept &&
    html`<${SaveAnalysis}
      workspace=${workspace}
      count=${kept.count}
      title=${batch.file_name}
      prepare=${async (onWait) => prepare(workspace, batch, await kept.wanted(), onWait)}
      onClose=${() => setKept(null)}
    />`}
  `;
}

/** Predicts the rows again: the result lacks some of what an analysis keeps. */
async function prepare(workspace, batch, results, onWait) {
  const candidates = results.map(candidateOf);
  const good = candidates.filter((_, n) => results[n].error === null);
  const predicted = good.length > 0 ? await predictRows(workspace, batch, good, onWait) : [];
  const next = predicted[Symbol.iterator]();
  const predictions = results.map((result) =>
    result.error === null ? asInTable(next.next().value, result) : { error: result.error.slice(0, 1000) },
  );
  return { modelId: batch.model.id, candidates, predictions };
}

async function predictRows(workspace, { model, table }, rows, onWait) {
  const asked = { workspace_key: workspace.key, model_id: model.id, source: table.source, rows };
  return (await withPatience(() => post("/api/predict", asked), { onWait })).predictions;
}
