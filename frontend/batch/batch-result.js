// A predicted catalogue: totals, and its rows.

import { CLASSES } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { dateTime, number, t } from "../lib/i18n.js";
import { ClassBar, className } from "../ui/basics.js";
import { CurvesOfBatch } from "./batch-curves.js";
import { BatchRows } from "./batch-rows.js";
import { titleOf } from "../models/model-choice.js";
import { SimulatedNote, UnlikeTrainingNote } from "../ui/verdict-notes.js";

/** @param {{workspace: object, batch: object, query: object}} properties a batch that is completed */
export function BatchResult({ workspace, batch, query }) {
  return html`
    <${SimulatedNote} simulated=${batch.model.simulated} />
    <${UnlikeTrainingNote} found=${batch.unlike_training} isTable />
    <${CurvesOfBatch} curves=${batch.light_curves} />
    <${Summary} workspace=${workspace} batch=${batch} />
    <${BatchRows} workspace=${workspace} batch=${batch} query=${query} />
  `;
}

function Summary({ workspace, batch: { counts, table, model, expires_at: expires } }) {
  const labels = table.fields.label ? table.columns[table.fields.label.at] : null;
  return html`
    <section class="card stack" aria-labelledby="summary-title" data-test="batch-summary">
      <h2 id="summary-title">${t("predict.batch.totals")}</h2>
      <p class="hint dotted">
        <span>${t("predict.by")} <a href=${`#/w/${workspace.id}/models/${model.id}`}>${titleOf(model)}</a></span>
        <span>${t(`predict.source.${table.source}`)}</span>
        <span>${t("predict.batch.until", { when: dateTime(expires) })}</span>
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
      ${labels !== null && html`<p class="message">${t("predict.batch.labels", { column: labels })}</p>`}
    </section>
  `;
}

function Figure({ term, count }) {
  return html`<div>
    <dt>${term}</dt>
    <dd>${number(count)}</dd>
  </div>`;
}
