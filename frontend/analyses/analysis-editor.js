// Edits the title and note of an analysis; the draft is kept until saved or discarded.

import { patch } from "../lib/api.js";
import { useDraft } from "../lib/data.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { NoteField, TitleField } from "../predict/analysis-fields.js";
import { Failure } from "../ui/basics.js";

/** @param {{analysis: object, onEnd: (changed: object | null) => void}} properties null: given up */
export function AnalysisEditor({ analysis, onEnd }) {
  const { id, title, note } = analysis;
  const [draft, change, forget] = useDraft(`analysis.${id}`, { title, note });
  const [error, setError] = useState(null);
  const [isBusy, setBusy] = useState(false);
  const save = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const answer = await patch(`/api/analyses/${id}`, { title: draft.title, note: draft.note });
      const { title: newTitle, note: newNote, updated_at } = answer.analysis;
      forget();
      onEnd({ title: newTitle, note: newNote, updated_at });
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  const giveUp = () => {
    forget();
    onEnd(null);
  };
  return html`
    <form class="stack" onSubmit=${save}>
      <${TitleField} value=${draft.title} onInput=${(text) => change({ title: text })} error=${error} />
      <${NoteField} value=${draft.note} onInput=${(text) => change({ note: text })} error=${error} />
      ${error && html`<${Failure} error=${error} />`}
      <div class="actions end">
        <button type="button" onClick=${giveUp}>${t("cancel")}</button>
        <button class="primary" disabled=${isBusy} aria-busy=${isBusy}>${t("save")}</button>
      </div>
    </form>
  `;
}
