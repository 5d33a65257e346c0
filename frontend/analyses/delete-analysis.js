// Deletes an analysis, after a question.

import { remove } from "../lib/api.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { notify } from "../lib/notices.js";
import { ConfirmButton } from "../ui/basics.js";

/** @param {{analysis: object, onDeleted: () => void}} properties */
export function DeleteAnalysis({ analysis, onDeleted }) {
  const { id, title } = analysis;
  const erase = async () => {
    await remove(`/api/analyses/${id}`);
    notify(() => t("predict.analyses.deleted", { title }));
    onDeleted();
  };
  return html`<${ConfirmButton}
    class="danger"
    aria-label=${t("predict.analyses.deleteIt", { title })}
    question=${t("predict.analyses.deleteQuestion", { title })}
    consequence=${t("predict.analyses.deleteConsequence")}
    onConfirm=${erase}
    >${t("delete")}<//
  >`;
}
