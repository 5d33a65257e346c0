// One saved analysis: its note, candidates with predictions, and downloads.

import { get, saveBlob } from "../lib/api.js";
import { CLASSES } from "../lib/columns.js";
import { toCsv } from "../lib/csv.js";
import { useData } from "../lib/data.js";
import { html, useMemo, useState } from "../lib/html.js";
import { number, t } from "../lib/i18n.js";
import { useModels } from "../models/models-state.js";
import { countResults, EXPORT_HEADER, exportRow, savedResult } from "../results/results.js";
import { goTo } from "../lib/router.js";
import { useTitle } from "../lib/title.js";
import { AnalysisDetail } from "./analysis-detail.js";
import { AnalysisEditor } from "./analysis-editor.js";
import { AnalysisFacts } from "./analysis-facts.js";
import { ClassBar, className, Loaded, PageHead } from "../ui/basics.js";
import { DeleteAnalysis } from "./delete-analysis.js";
import { resultColumns } from "../results/result-columns.js";
import { ResultExplorer } from "../results/result-explorer.js";
import { NotFound } from "../ui/not-found.js";
import { SimulatedNote } from "../ui/verdict-notes.js";

export function Analysis({ workspace, id }) {
  const analysis = useData(() => get(`/api/analyses/${id}`).then((answer) => answer.analysis), [id]);
  const models = useModels(workspace);
  const back = { href: `#/w/${workspace.id}/analyses`, text: t("nav.analyses") };
  useTitle(analysis.data?.title ?? t("nav.analyses"));
  if (analysis.data === null) {
    return html`
      <${PageHead} title=${t("predict.analysis", { id: String(id) })} back=${back} />
      <${Loaded} of=${analysis} />
    `;
  }
  if (analysis.data.workspace_id !== workspace.id) return html`<${NotFound} />`;
  return html`<${Saved}
    workspace=${workspace}
    analysis=${analysis.data}
    models=${models.data}
    back=${back}
    onChanged=${(changed) => analysis.setData({ ...analysis.data, ...changed })}
  />`;
}

function Saved({ workspace, analysis, models, back, onChanged }) {
  const { candidates, predictions } = analysis;
  const results = useMemo(
    () => candidates.map((candidate, place) => savedResult(candidate, predictions[place], place)),
    [candidates, predictions],
  );
  const columns = useMemo(() => resultColumns(results), [results]);
  const whenDeleted = () => goTo(`/w/${workspace.id}/analyses`, { replace: true });
  return html`
    <${PageHead}
      title=${analysis.title}
      back=${back}
      actions=${workspace.mayEdit &&
      html`<${DeleteAnalysis} workspace=${workspace} analysis=${analysis} onDeleted=${whenDeleted} />`}
    >
      <${AnalysisFacts} analysis=${analysis} models=${models} workspace=${workspace} />
    <//>
    <div class="stack">
      <${SimulatedNote} simulated=${results.some((each) => each.simulated)} />
      <${Note} workspace=${workspace} analysis=${analysis} onChanged=${onChanged} />
      <${Summary} counts=${countResults(results)} />
      <${ResultExplorer}
        title=${t("predict.analysis.table")}
        results=${results}
        columns=${columns}
        detail=${(result) =>
          html`<${AnalysisDetail}
            workspace=${workspace}
            analysis=${analysis}
            models=${models}
            result=${result}
          />`}
        actions=${() => html`<${Files} analysis=${analysis} results=${results} />`}
      />
    </div>
  `;
}

function Note({ workspace, analysis, onChanged }) {
  const [isEditing, setEditing] = useState(false);
  const end = (changed) => {
    if (changed) onChanged(changed);
    setEditing(false);
  };
  return html`
    <section class="card stack tight" aria-labelledby="note-title">
      <h2 id="note-title">${t("predict.save.note")}</h2>
      ${isEditing
        ? html`<${AnalysisEditor} analysis=${analysis} onEnd=${end} />`
        : html`
            ${analysis.note
              ? html`<p class="note">${analysis.note}</p>`
              : html`<p class="hint">${t("predict.analysis.noNote")}</p>`}
            ${workspace.mayEdit &&
            html`<div class="actions">
              <button type="button" data-test="edit-note" onClick=${() => setEditing(true)}>
                ${t("predict.analysis.edit")}
              </button>
            </div>`}
          `}
    </section>
  `;
}

function Summary({ counts }) {
  const figures = [
    ...CLASSES.map((name) => [className(name), counts.classes[name] ?? 0]),
    [t("predict.column.uncertain"), counts.uncertain],
    [t("predict.batch.errors"), counts.errors],
  ];
  return html`
    <section class="card stack tight" aria-label=${t("predict.analysis.summary")}>
      <dl class="figures compact">
        ${figures.map(
          ([term, count]) =>
            html`<div key=${term}>
              <dt>${term}</dt>
              <dd>${number(count)}</dd>
            </div>`,
        )}
      </dl>
      <${ClassBar} counts=${counts.classes} />
    </section>
  `;
}

function Files({ analysis, results }) {
  const name = `analysis_${analysis.id}`;
  const csv = () => saveBlob(toCsv(EXPORT_HEADER, results.map(exportRow)), `${name}.csv`);
  const json = () =>
    saveBlob(
      new Blob([JSON.stringify(analysis, null, 2), "\n"], { type: "application/json" }),
      `${name}.json`,
    );
  return html`
    <button type="button" data-test="analysis-csv" onClick=${csv}>${t("predict.analysis.csv")}</button>
    <button type="button" data-test="analysis-json" onClick=${json}>${t("predict.analysis.json")}</button>
  `;
}
