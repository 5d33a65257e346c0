// Data from the server: loaded once, or polled while something is running.

import { connection } from "./connection.js";
import { useCallback, useEffect, useRef, useState } from "./html.js";

const INTERVAL = 2_000;
const HIDDEN_INTERVAL = 10_000;

/**
 * Loads data and keeps the last response, even while the server is unreachable.
 *
 * The data of other dependencies is never returned, not even for the one rendering before the new
 * loading starts: its length or names may not fit what is drawn beside it.
 *
 * @param {() => Promise<any>} load
 * @param {Array} dependencies when they change, it is loaded anew
 * @returns {{data: any, error: Error | null, isLoading: boolean, reload: () => void, setData: Function}}
 */
export function useData(load, dependencies) {
  const key = JSON.stringify(dependencies);
  const [state, setState] = useState(() => nothingOf(key));
  const [round, setRound] = useState(0);
  const reload = useCallback(() => setRound((number) => number + 1), []);
  useEffect(() => {
    let isCurrent = true;
    const take = (change) => isCurrent && setState((last) => ({ ...stateOf(last, key), ...change }));
    take({ error: null, isLoading: true });
    load().then(
      (data) => take({ data, error: null, isLoading: false }),
      (error) => take({ error, isLoading: false }),
    );
    return () => {
      isCurrent = false;
    };
  }, [...dependencies, round]);
  useWhenBack(reload);
  const setData = useCallback((data) => setState((last) => ({ ...last, data })), []);
  const { data, error, isLoading } = stateOf(state, key);
  return { data, error, isLoading, reload, setData };
}

/** The state, when it is that of these dependencies; else that of a loading that starts. */
function stateOf(state, key) {
  return state.key === key ? state : nothingOf(key);
}

function nothingOf(key) {
  return { key, data: null, error: null, isLoading: true };
}

/** Calls a function when the server responds again after an interruption. */
export function useWhenBack(function_) {
  const latest = useRef(function_);
  latest.current = function_;
  useEffect(() => {
    let seen = connection.get().since;
    return connection.subscribe((state) => {
      if (state.since !== seen) {
        seen = state.since;
        latest.current();
      }
    });
  }, []);
}

/**
 * Calls a function at once and then every two seconds while `isActive`; every ten while the page is
 * hidden; not while the server is gone, nor again before it has ended: it takes as long as a busy
 * server asks to wait.
 *
 * @param {() => Promise<void>} ask
 * @param {boolean} isActive
 * @param {Array} dependencies when they change, it asks at once
 */
export function usePolling(ask, isActive, dependencies = []) {
  const latest = useRef(ask);
  latest.current = ask;
  useEffect(() => {
    if (!isActive) return undefined;
    let timer = null;
    let isOver = false;
    let isAsking = false;
    const round = async () => {
      if (isAsking) return;
      clearTimeout(timer);
      isAsking = true;
      if (!connection.get().lost) await latest.current().catch(() => {});
      isAsking = false;
      if (!isOver) timer = setTimeout(round, document.hidden ? HIDDEN_INTERVAL : INTERVAL);
    };
    const whenShown = () => !document.hidden && round();
    round();
    document.addEventListener("visibilitychange", whenShown);
    return () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", whenShown);
    };
  }, [isActive, ...dependencies]);
}

/** What the user has typed: state that survives a reload of this tab. */
export function useDraft(name, initial) {
  const key = `exotrain.draft.${name}`;
  const [draft, setDraft] = useState(() => {
    try {
      return { ...initial, ...JSON.parse(sessionStorage.getItem(key) ?? "{}") };
    } catch {
      return initial;
    }
  });
  const change = useCallback(
    (patch) =>
      setDraft((last) => {
        const next = { ...last, ...patch };
        sessionStorage.setItem(key, JSON.stringify(next));
        return next;
      }),
    [key],
  );
  const forget = useCallback(() => {
    sessionStorage.removeItem(key);
    setDraft(initial);
  }, [key]);
  return [draft, change, forget];
}
