// Deletes a catalogue's predictions, after asking.

import { remove } from "../lib/api.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { deletedFor, notifyDeleted } from "../lib/undo.js";
import { ConfirmButton } from "../ui/basics.js";

/** @param {{workspace: object, batch: object, onDeleted: () => void}} properties a batch that has ended */
export function DeleteBatch({ workspace, batch, onDeleted }) {
  const { id, file_name: name } = batch;
  const erase = async () => {
    await remove(`/api/predict/batches/${id}`);
    notifyDeleted(() => t("predict.batch.deleted", { name }), "batch", id, workspace);
    onDeleted();
  };
  return html`<${ConfirmButton}
    class="danger"
    aria-label=${t("predict.batch.deleteIt", { name })}
    question=${t("predict.batch.deleteQuestion", { name })}
    consequence=${`${t("predict.batch.deleteConsequence")} ${deletedFor()}`}
    onConfirm=${erase}
    >${t("delete")}<//
  >`;
}
