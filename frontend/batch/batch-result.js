// A predicted catalogue: totals, table and actions.

import { saveBlob } from "../lib/api.js";
import { CLASSES } from "../lib/columns.js";
import { MOST_KEPT } from "./batch-answer.js";
import { forget } from "./batch-job.js";
import { html, useMemo } from "../lib/html.js";
import { duration, number, t } from "../lib/i18n.js";
import { ClassBar, className, ConfirmButton } from "../ui/basics.js";
import { BatchDetail } from "./batch-detail.js";
import { BatchSave } from "./batch-save.js";
import { titleOf } from "../models/model-choice.js";
import { ownColumns, resultColumns } from "../results/result-columns.js";
import { ResultExplorer } from "../results/result-explorer.js";

/** @param {{workspace: object, job: object}} properties a job that is done */
export function BatchResult({ workspace, job }) {
  const { answer, file } = job;
  const columns = useMemo(
    () => ({ first: resultColumns(answer.results), own: ownColumns(answer.header) }),
    [answer],
  );
  return html`
    <${Summary} workspace=${workspace} job=${job} />
    <${ResultExplorer}
      title=${t("predict.batch.table")}
      results=${answer.results}
      columns=${columns.first}
      more=${columns.own}
      isSelectable=${workspace.mayEdit}
      detail=${(result) => html`<${BatchDetail} workspace=${workspace} job=${job} result=${result} />`}
      actions=${(shown, selected) => html`
        <button
          type="button"
          class="primary"
          data-test="batch-csv"
          onClick=${() => saveBlob(job.blob, csvName(file.name))}
        >
          ${t("predict.batch.csv")}
        </button>
        ${workspace.mayEdit &&
        html`<${BatchSave} workspace=${workspace} job=${job} shown=${shown} selected=${selected} />`}
      `}
    />
  `;
}

function Summary({ workspace, job: { answer, file, model, seconds } }) {
  const { counts, labelColumn, results } = answer;
  return html`
    <section class="card stack" aria-labelledby="summary-title" data-test="batch-summary">
      <div class="row between">
        <h2 id="summary-title">${file.name}</h2>
        <${ConfirmButton}
          question=${t("predict.batch.anotherQuestion")}
          consequence=${t("predict.batch.anotherConsequence")}
          confirm=${t("predict.batch.another")}
          onConfirm=${async () => forget()}
          >${t("predict.batch.another")}<//
        >
      </div>
      <p class="hint dotted">
        <span>${t("predict.by")} <a href=${`#/w/${workspace.id}/models/${model.id}`}>${titleOf(model)}</a></span>
        <span>${t(`predict.source.${answer.source}`)}</span>
        <span>${t("predict.batch.took", { time: duration(Math.ceil(seconds)) })}</span>
      </p>
      <dl class="figures compact">
        <${Figure} term=${t("predict.batch.all")} count=${counts.all} />
        ${CLASSES.map(
          (name) =>
            html`<${Figure} key=${name} term=${className(name)} count=${counts.classes[name] ?? 0} />`,
        )}
        <${Figure} term=${t("predict.column.uncertain")} count=${counts.uncertain} />
        <${Figure} term=${t("predict.batch.errors")} count=${counts.errors} />
      </dl>
      <${ClassBar} counts=${counts.classes} />
      ${labelColumn !== null &&
      html`<p class="message">${t("predict.batch.labels", { column: labelColumn })}</p>`}
      ${results.length < counts.all &&
      html`<p class="message">${t("predict.batch.cut", { kept: MOST_KEPT })}</p>`}
    </section>
  `;
}

function Figure({ term, count }) {
  return html`<div>
    <dt>${term}</dt>
    <dd>${number(count)}</dd>
  </div>`;
}

function csvName(name) {
  return `${name.replace(/\.(csv|tsv|txt)$/i, "")}_predictions.csv`;
}
