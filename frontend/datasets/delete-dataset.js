// Deletes a dataset, or explains that a session is still using it.

import { remove } from "../lib/api.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { deletedFor, notifyDeleted } from "../lib/undo.js";
import { notify } from "../lib/notices.js";
import { forgetDataset } from "./uploads.js";
import { isUnderWay, watched } from "../lib/watch.js";
import { ConfirmButton } from "../ui/basics.js";

/**
 * @param {object} properties
 * @param {{id: number, name: string}} properties.dataset
 * @param {{id: number}} properties.workspace
 * @param {() => void} properties.onDeleted
 */
export function DeleteDataset({ dataset, workspace, onDeleted }) {
  const erase = async () => {
    try {
      await remove(`/api/training/dataset/${dataset.id}`);
    } catch (error) {
      const reader = error.status === 409 && readerOf(dataset);
      if (!reader) throw error;
      tellReader(dataset, reader, workspace);
      return;
    }
    forgetDataset(dataset.id);
    notifyDeleted(() => t("datasets.deleted", { name: dataset.name }), "dataset", dataset.id, workspace);
    onDeleted();
  };
  return html`<${ConfirmButton}
    class="danger"
    aria-label=${t("datasets.deleteNamed", { name: dataset.name })}
    question=${t("datasets.deleteQuestion", { name: dataset.name })}
    consequence=${`${t("datasets.deleteConsequence")} ${deletedFor()}`}
    onConfirm=${erase}
    >${t("delete")}<//
  >`;
}

/** A session that still needs the dataset, as far as the page knows. */
function readerOf(dataset) {
  const sessions = watched.get().sessions ?? [];
  return sessions.find((each) => each.dataset_id === dataset.id && isUnderWay(each));
}

function tellReader(dataset, session, workspace) {
  notify(() => t("datasets.inUse", { name: dataset.name, model: session.model_name, id: session.id }), {
    kind: "error",
    link: `#/w/${workspace.id}/sessions/${session.id}`,
    linkSays: () => t("datasets.openSession"),
  });
}
