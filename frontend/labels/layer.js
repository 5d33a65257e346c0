// The layer of labels of a dataset: kept up to date while others say something of it, and changed.

import { call, get, post } from "../lib/api.js";
import { useCallback, useEffect, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { notify } from "../lib/notices.js";
import { newerLayer } from "./label-words.js";

const ASK_EVERY = 5_000;

const UNKNOWN = { rule: null, revision: null, changes: 0 };

/**
 * The layer of a dataset, asked for while the page is seen, and when its window gets the focus.
 *
 * @param {number | null} id of the dataset; null: nothing is asked for
 * @returns {{rule: string | null, changes: number, say: Function, undo: Function, setRule: Function,
 *   take: Function}} `changes` grows with each change, own or not; what changes the layer throws as `call` does
 */
export function useLayer(id) {
  const path = `/api/training/dataset/${id}/labels`;
  const [layer, setLayer] = useState(UNKNOWN);
  const take = useCallback((answer) => setLayer((last) => newerLayer(last, answer)), []);
  useEffect(() => {
    if (id === null) return undefined;
    const ask = () => {
      if (!document.hidden) get(path, { limit: 1 }).then(take, () => {});
    };
    ask();
    const timer = setInterval(ask, ASK_EVERY);
    addEventListener("focus", ask);
    return () => {
      clearInterval(timer);
      removeEventListener("focus", ask);
    };
  }, [id]);
  const change = async (asked) => {
    const answer = await asked;
    take(answer);
    return answer;
  };
  return {
    ...layer,
    take,
    say: (vote) => change(call("PUT", path, { body: { changes: [vote] } })),
    undo: (row = null) => undone(change(post(`${path}/undo`, { row }))),
    setRule: (rule) => change(call("PUT", `${path}/rule`, { body: { rule } })),
  };
}

/** Tells what an undo withdrew; that there was nothing is no error. */
async function undone(asked) {
  try {
    const count = (await asked).rows.length;
    notify(() => t("labels.undone", { count }), { kind: "success" });
  } catch (error) {
    if (error.status !== 409) throw error;
    notify(() => t("labels.nothingToUndo"));
  }
}
