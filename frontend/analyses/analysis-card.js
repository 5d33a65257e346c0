// A saved analysis in the list, with its actions.

import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { AnalysisEditor } from "./analysis-editor.js";
import { AnalysisFacts } from "./analysis-facts.js";
import { DeleteAnalysis } from "./delete-analysis.js";
import { Dialog } from "../ui/basics.js";

const NOTE_SHOWN = 240;

/**
 * @param {object} properties
 * @param {object} properties.analysis without its rows
 * @param {object} properties.workspace
 * @param {object[] | null} properties.models null while they are not known
 * @param {(analysis: object) => void} properties.onChanged
 * @param {() => void} properties.onDeleted
 */
export function AnalysisCard({ analysis, workspace, models, onChanged, onDeleted }) {
  const [isEditing, setEditing] = useState(false);
  const { id, title, note } = analysis;
  const end = (changed) => {
    if (changed) onChanged({ ...analysis, ...changed });
    setEditing(false);
  };
  return html`
    <article class="card stack tight" data-test="analysis">
      <h2><a href=${`#/w/${workspace.id}/analyses/${id}`}>${title}</a></h2>
      <${AnalysisFacts} analysis=${analysis} models=${models} workspace=${workspace} />
      ${note &&
      html`<p class="note">${note.length > NOTE_SHOWN ? `${note.slice(0, NOTE_SHOWN)}…` : note}</p>`}
      <div class="actions">
        <a
          class="button"
          href=${`#/w/${workspace.id}/analyses/${id}`}
          aria-label=${t("predict.analyses.openIt", { title })}
        >
          ${t("predict.analyses.open")}
        </a>
        ${workspace.mayEdit &&
        html`
          <button
            type="button"
            aria-label=${t("predict.analyses.editIt", { title })}
            onClick=${() => setEditing(true)}
          >
            ${t("edit")}
          </button>
          <${DeleteAnalysis} workspace=${workspace} analysis=${analysis} onDeleted=${onDeleted} />
        `}
      </div>
      ${isEditing &&
      html`<${Dialog} title=${t("predict.analyses.edit")} onClose=${() => setEditing(false)}>
        <${AnalysisEditor} analysis=${analysis} onEnd=${end} />
      <//>`}
    </article>
  `;
}
