// What can be done with the selected sessions.

import { html } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { goTo } from "../../lib/router.js";
import { RUNNING, watchAgain } from "../../lib/watch.js";
import { BulkBar, rowsOf } from "../../listing/bulk-bar.js";

const PATH = "/api/training/sessions";

const OF = { kind: "session", path: PATH, words: "training.bulk", more: ["cancel"] };

/**
 * @param {object} properties
 * @param {object} properties.workspace
 * @param {number[]} properties.ids
 * @param {(ids: number[]) => void} properties.onChoose
 * @param {() => void} properties.onDone
 */
export function SessionBulk({ workspace, ids, onChoose, onDone }) {
  const consequences = async (action) => {
    const found = await rowsOf(PATH, "sessions", workspace, ids);
    const count = found.filter((each) => RUNNING.includes(each.status)).length;
    return [t(`training.bulk.${action}.${count > 0 ? "running" : "noneRunning"}`, { count })];
  };
  const done = () => {
    watchAgain();
    onDone();
  };
  const target = `/w/${workspace.id}/compare?ids=${[...ids].sort((a, b) => a - b).join(",")}`;
  const key = ids.length > 1 ? "training.compare.chosen" : "training.compare.another";
  return html`<${BulkBar}
    ...${{ workspace, ids, onChoose, consequences }}
    of=${OF}
    onDone=${done}
    chosen=${t(key, { count: ids.length })}
    canCompare=${ids.length > 1}
    onCompare=${() => goTo(target)}
  />`;
}
