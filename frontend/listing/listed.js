// A page of a list from the server: polled with its ETag while something of it runs.

import { conditional } from "../lib/api.js";
import { usePolling, useWhenBack } from "../lib/data.js";
import { useCallback, useEffect, useMemo, useRef, useState } from "../lib/html.js";

/**
 * The page at an address of the API; while another one is loaded, the last one stays.
 *
 * @param {string} address
 * @param {(data: object) => boolean} isUnderWay whether something of a page will change by itself
 * @param {any} occasion when it changes, the page is asked for again
 * @returns {{data: object | null, error: Error | null, isLoading: boolean, reload: () => Promise<void>,
 *   change: (patch: (data: object) => object) => void}}
 */
export function useListed(address, isUnderWay, occasion) {
  const [state, setState] = useState({ address: null, data: null, error: null });
  const poll = useMemo(() => conditional(() => address), [address]);
  const latest = useRef(address);
  latest.current = address;
  const ask = async () => {
    try {
      const data = await poll();
      if (data && latest.current === address) setState({ address, data, error: null });
    } catch (error) {
      if (latest.current === address) setState((last) => ({ ...last, address, error }));
    }
  };
  const isActive = state.data !== null && !state.error && isUnderWay(state.data);
  usePolling(ask, isActive, [address, occasion]);
  useEffect(() => {
    if (!isActive) ask();
  }, [address, occasion]);
  useWhenBack(ask);
  const change = useCallback((patch) => setState((last) => ({ ...last, data: patch(last.data) })), []);
  return { data: state.data, error: state.error, isLoading: state.address !== address, reload: ask, change };
}

/** Whether there is nothing to list at all, rather than nothing that matches, or nothing known. */
export function isNothingYet(list, view) {
  const isKnown = list.data !== null && !list.isLoading && !list.error;
  return isKnown && list.data.total === 0 && view.filters.length === 0 && !view.q.trim();
}
