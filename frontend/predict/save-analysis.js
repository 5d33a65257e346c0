// Keeps predictions as an analysis, with a title and a note.

import { post } from "../lib/api.js";
import { useDraft } from "../lib/data.js";
import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { notify } from "../lib/notices.js";
import { UsageWarning } from "../account/usage.js";
import { Dialog, Failure } from "../ui/basics.js";
import { Waiting } from "../ui/waiting.js";
import { NoteField, TitleField } from "./analysis-fields.js";

/** The most candidates that an analysis holds. */
export const MOST_SAVED = 1000;

/**
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {number} properties.count how many candidates
 * @param {string} properties.title to begin with
 * @param {(onWait: (wait: object | null) => void) => Promise<{modelId: number, candidates: object[],
 *   predictions: object[]}>} properties.prepare calls `onWait` as `withPatience` does
 * @param {() => void} properties.onClose
 */
export function SaveAnalysis({ workspace, count, title, prepare, onClose }) {
  const [draft, change, forget] = useDraft(`analysis.new.${workspace.id}`, { title: null, note: "" });
  const named = draft.title ?? title;
  const [error, setError] = useState(null);
  const [isBusy, setBusy] = useState(false);
  const [wait, setWait] = useState(null);
  const save = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const { modelId, candidates, predictions } = await prepare(setWait);
      const { analysis } = await post("/api/analyses", {
        workspace_key: workspace.key,
        model_id: modelId,
        title: named,
        note: draft.note,
        candidates,
        predictions,
      });
      forget();
      const link = `#/w/${workspace.id}/analyses/${analysis.id}`;
      notify(() => t("predict.save.done", { title: analysis.title }), {
        kind: "success",
        link,
        linkSays: () => t("predict.save.open"),
      });
      onClose();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return html`
    <${Dialog} title=${t("predict.save.title", { count })} onClose=${onClose}>
      <form class="stack" onSubmit=${save}>
        <${TitleField} value=${named} onInput=${(text) => change({ title: text })} error=${error} />
        <${NoteField} value=${draft.note} onInput=${(note) => change({ note })} error=${error} />
        ${workspace.role === "owner" && html`<${UsageWarning} of="analyses" />`}
        ${wait && html`<${Waiting} wait=${wait} />`}
        ${error && html`<${Failure} error=${error} />`}
        <div class="actions end">
          <button type="button" onClick=${onClose}>${t("cancel")}</button>
          <button class="primary" disabled=${isBusy} aria-busy=${isBusy}>${t("save")}</button>
        </div>
      </form>
    <//>
  `;
}
