// Deletes an analysis, after a question.

import { remove } from "../lib/api.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { deletedFor, notifyDeleted } from "../lib/undo.js";
import { ConfirmButton } from "../ui/basics.js";

/** @param {{workspace: object, analysis: object, onDeleted: () => void}} properties */
export function DeleteAnalysis({ workspace, analysis, onDeleted }) {
  const { id, title } = analysis;
  const erase = async () => {
    await remove(`/api/analyses/${id}`);
    notifyDeleted(() => t("predict.analyses.deleted", { title }), "analysis", id, workspace);
    onDeleted();
  };
  return html`<${ConfirmButton}
    class="danger"
    aria-label=${t("predict.analyses.deleteIt", { title })}
    question=${t("predict.analyses.deleteQuestion", { title })}
    consequence=${`${t("predict.analyses.deleteConsequence")} ${deletedFor()}`}
    onConfirm=${erase}
    >${t("delete")}<//
  >`;
}
