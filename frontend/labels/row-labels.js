// The label of the chosen row: what people say, and the ways to say something else.

import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { notifyError } from "../lib/notices.js";
import { ActionButton } from "../ui/basics.js";
import { LabelForm } from "./label-form.js";
import { RowVotes } from "./row-votes.js";
import { keyAct } from "./label-words.js";

/**
 * Lets one say a label of the chosen row by a key.
 *
 * @param {object} layer as `useLayer` gives it
 * @param {boolean} mayEdit
 * @returns {{form: object | null, open: Function, close: Function, steer: (event: KeyboardEvent, row: object) =>
 *   void}} `form`: the row and the label of the form that is open
 */
export function useLabelKeys(layer, mayEdit) {
  const [form, setForm] = useState(null);
  const steer = (event, row) => {
    const { target, key } = event;
    if (!mayEdit || !row || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.repeat || target.closest("input, select, textarea, dialog")) return;
    const act = keyAct(key);
    if (!act) return;
    event.preventDefault();
    if (act.isUndo) layer.undo(row.row).catch(notifyError);
    else setForm({ row, label: act.label });
  };
  return { form, open: (row) => setForm({ row, label: row.effective_label }), close: () => setForm(null), steer };
}

/** The form that a key or a button opened; outside of what takes the keys. */
export function OpenLabelForm({ layer, keys: { form, close } }) {
  return form && html`<${LabelForm} row=${form.row} label=${form.label} onSay=${layer.say} onClose=${close} />`;
}

/** @param {{dataset: object, row: object, layer: object, keys: object, mayEdit: boolean}} properties */
export function RowLabels({ dataset, row, layer, keys, mayEdit }) {
  return html`
    <${RowVotes} dataset=${dataset} row=${row.row} changes=${layer.changes}>
      ${mayEdit &&
      html`
        <div class="actions">
          <button type="button" onClick=${() => keys.open(row)}>${t("labels.change")}</button>
          <${ActionButton} class="quiet" onAct=${() => layer.undo(row.row)}>${t("labels.undo")}<//>
        </div>
        <p class="hint">${t("labels.keys")}</p>
      `}
    <//>
  `;
}
