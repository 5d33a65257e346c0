// For keys that change faster than the server responds: one request at a time, always for the newest key.

import { useWhenBack } from "./data.js";
import { useCallback, useEffect, useRef, useState } from "./html.js";

/**
 * Loads what a key names. During a request, newer keys wait, and only the last of them is requested
 * next: an older response never follows a newer one, and a key held down does not flood the server.
 * The last data stay until new data arrive.
 *
 * @param {(key: string | number) => Promise<any>} load
 * @param {string | number | null} key null: nothing is wanted yet
 * @returns {{key: any, data: any, error: Error | null, isLoading: boolean, reload: () => void}} `key` is
 *   that of `data` or `error`
 */
export function useLatest(load, key) {
  const [state, setState] = useState({ key: null, data: null, error: null });
  const now = useRef({ isBusy: false, isShown: true });
  Object.assign(now.current, { load, key });
  const run = useCallback(async () => {
    const { current } = now;
    if (current.isBusy) return;
    current.isBusy = true;
    let asked = null;
    while (current.isShown && current.key !== null && asked !== current.key) {
      asked = current.key;
      const answer = await answered(current.load, asked);
      if (current.isShown) setState((last) => ({ data: last.data, ...answer, key: asked }));
    }
    current.isBusy = false;
  }, []);
  useEffect(() => {
    run();
  }, [key]);
  useEffect(() => {
    now.current.isShown = true;
    return () => {
      now.current.isShown = false;
    };
  }, []);
  useWhenBack(run);
  return { ...state, isLoading: key !== null && state.key !== key, reload: run };
}

async function answered(load, key) {
  try {
    return { data: await load(key), error: null };
  } catch (error) {
    return { error };
  }
}
