// What can be done with the selected models.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { notify } from "../lib/notices.js";
import { goTo } from "../lib/router.js";
import { BulkBar, rowsOf } from "../listing/bulk-bar.js";
import { titleOf } from "./models-state.js";

const PATH = "/api/models";

const OF = { kind: "model", path: PATH, words: "models.bulk" };

/**
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {number[]} properties.ids
 * @param {(ids: number[]) => void} properties.onChoose
 * @param {() => void} properties.onDone
 */
export function ModelBulk({ workspace, ids, onChoose, onDone }) {
  const consequences = async () => {
    const current = (await rowsOf(PATH, "models", workspace, ids)).find((each) => each.is_current);
    return current ? [t("models.bulk.delete.current", { name: titleOf(current), id: String(current.id) })] : [];
  };
  const compare = async () => {
    const { sessions, lost } = comparable(await rowsOf(PATH, "models", workspace, ids));
    const names = lost.map((each) => `${titleOf(each)} (${each.id})`).join(", ");
    if (lost.length > 0) notify(() => t("models.bulk.compare.lost", { names }), { kind: "error" });
    if (sessions.length > 1 || lost.length === 0) goTo(`/w/${workspace.id}/compare?ids=${sessions.join(",")}`);
  };
  const key = ids.length > 1 ? "models.bulk.chosen" : "models.bulk.another";
  return html`<${BulkBar}
    ...${{ workspace, ids, onChoose, onDone, consequences }}
    of=${OF}
    chosen=${t(key, { count: ids.length })}
    canCompare=${ids.length > 1}
    onCompare=${compare}
  />`;
}

/** The sessions by which models are compared, and the models that have none any more. */
export function comparable(models) {
  const sessions = models.map((each) => each.session_id).filter((each) => each !== null);
  const lost = models.filter((each) => each.session_id === null);
  return { sessions: [...new Set(sessions)].sort((a, b) => a - b), lost };
}
