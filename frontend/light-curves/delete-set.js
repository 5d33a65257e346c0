// Deletes a curve set, after asking; not while files are being read into it.

import { remove } from "../lib/api.js";
import { SETS } from "../lib/curve-sets.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { deletedFor, notifyDeleted } from "../lib/undo.js";
import { ConfirmButton } from "../ui/basics.js";
import { isUnderWay } from "./states.js";

/** @param {{curveSet: object, workspace: object, onDeleted: () => void}} properties */
export function DeleteSet({ curveSet, workspace, onDeleted }) {
  const { id, name } = curveSet;
  const isBusy = isUnderWay(curveSet);
  const erase = async () => {
    await remove(`${SETS}/${id}`);
    notifyDeleted(() => t("curves.deleted", { name }), "curve_set", id, workspace);
    onDeleted();
  };
  return html`<${ConfirmButton}
    class="danger"
    disabled=${isBusy}
    title=${isBusy ? t("curves.deleteLater") : undefined}
    aria-label=${t("curves.deleteNamed", { name })}
    question=${t("curves.deleteQuestion", { name })}
    consequence=${`${t("curves.deleteConsequence")} ${deletedFor()}`}
    onConfirm=${erase}
    >${t("delete")}<//
  >`;
}
