// Small observable stores: state that more than one component reads.

import { useEffect, useState } from "./html.js";

/** A store that holds one object. */
export function createStore(initial) {
  let state = initial;
  const listeners = new Set();
  return {
    get: () => state,
    /** Merges a patch into the state, and calls the listeners if anything changed. */
    set(patch) {
      const next = { ...state, ...patch };
      if (Object.keys(patch).every((name) => Object.is(state[name], next[name]))) return;
      state = next;
      for (const listener of [...listeners]) listener(state);
    },
    /** Calls a listener after each change; returns the function that unsubscribes it. */
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The part of a store that a component needs; the component renders again when it changes. */
export function useStore(store, select = (state) => state) {
  const [selected, setSelected] = useState(() => select(store.get()));
  useEffect(() => {
    const take = (state) => setSelected(() => select(state));
    take(store.get());
    return store.subscribe(take);
  }, [store]);
  return selected;
}
