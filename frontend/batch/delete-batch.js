// Deletes a catalogue's predictions, after asking.

import { remove } from "../lib/api.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { notify } from "../lib/notices.js";
import { ConfirmButton } from "../ui/basics.js";

/** @param {{batch: object, onDeleted: () => void}} properties a batch that has ended */
export function DeleteBatch({ batch, onDeleted }) {
  const { id, file_name: name } = batch;
  const erase = async () => {
    await remove(`/api/predict/batches/${id}`);
    notify(() => t("predict.batch.deleted", { name }));
    onDeleted();
  };
  return html`<${ConfirmButton}
    class="danger"
    aria-label=${t("predict.batch.deleteIt", { name })}
    question=${t("predict.batch.deleteQuestion", { name })}
    consequence=${t("predict.batch.deleteConsequence")}
    onConfirm=${erase}
    >${t("delete")}<//
  >`;
}
