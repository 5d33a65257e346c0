// Data from the server: loaded once, or polled while something is running.

import { connection } from "./connection.js";
import { useCallback, useEffect, useRef, useState } from "./html.js";

/** In milliseconds, how often is asked while the page is seen, and while it is hidden. */
const RUNNING_PACE = { shown: 2_000, hidden: 10_000 };
export const IDLE_PACE = { shown: 5_000, hidden: 60_000 };

const LONGEST_WAIT = 60_000;
const SLOWER_AFTER_ERROR = 2;

/** The wait before the next poll, longer with each error in a row; not in step with other tabs. */
export function waitBefore({ shown, hidden }, { isHidden, errors, chance = Math.random() }) {
  const usual = isHidden ? hidden : shown;
  const wait = Math.max(usual, Math.min(LONGEST_WAIT, usual * SLOWER_AFTER_ERROR ** errors));
  return wait * (0.9 + 0.2 * chance);
}

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
 * Calls a function at once and then at a pace while `isActive`; more slowly while the page is hidden or after
 * it has failed; not while the server is gone, nor again before it has ended: it takes as long as a busy
 * server asks to wait.
 *
 * @param {() => Promise<void>} ask
 * @param {boolean} isActive
 * @param {Array} dependencies when they change, it asks at once
 * @param {{shown: number, hidden: number}} pace every two seconds, or every ten while hidden
 */
export function usePolling(ask, isActive, dependencies = [], pace = RUNNING_PACE) {
  const latest = useRef(null);
  latest.current = { ask, pace };
  useEffect(() => {
    if (!isActive) return undefined;
    let timer = null;
    let isOver = false;
    let isAsking = false;
    let errors = 0;
    const note = (isWell) => {
      errors = isWell ? 0 : errors + 1;
    };
    const round = async () => {
      if (isAsking) return;
      clearTimeout(timer);
      isAsking = true;
      if (!connection.get().lost) await latest.current.ask().then(() => note(true), () => note(false));
      isAsking = false;
      const wait = waitBefore(latest.current.pace, { isHidden: document.hidden, errors });
      if (!isOver) timer = setTimeout(round, wait);
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
