// Lists and pages that follow what others do: asked for again while the page is open, with the ETag of the last answer.

import { conditional, get, withQuery } from "./api.js";
import { IDLE_PACE, useData, usePolling, useWhenBack } from "./data.js";
import { useMemo, useRef, useState } from "./html.js";

/**
 * As `useData`, and kept up to date every few seconds: the same object while nothing changes, so that what is
 * selected or typed on the page stays.
 *
 * @param {string} path
 * @param {object} query
 * @param {(answer: object) => any} [pick] the data of an answer
 */
export function useLive(path, query = {}, pick = (answer) => answer) {
  const address = withQuery(path, query);
  const next = useMemo(() => conditional(() => address), [address]);
  const now = useRef(null);
  const load = async () => {
    const answer = await next();
    return answer === null ? now.current.data : pick(answer);
  };
  const found = useData(load, [address]);
  now.current = { address, data: found.data };
  const ask = async () => {
    if (now.current.data === null) return; // it is being loaded, or its failure is shown
    const answer = await next();
    if (answer !== null && now.current.address === address) found.setData(pick(answer));
  };
  usePolling(ask, true, [address], IDLE_PACE);
  return found;
}

/**
 * A list in pages, of which all that are shown are kept up to date.
 *
 * @param {string} path
 * @param {object} query
 * @param {string} name of the list in an answer
 * @param {{size: number, most: number}} pages rows a page, and rows that the server gives at once
 * @param {(item: object) => boolean} isUnderWay whether an item will still change by itself: then it is asked often
 * @returns {{items: object[] | null, cursor: any, error: Error | null, reload: () => Promise<void>,
 *   loadMore: () => Promise<void>}}
 */
export function useLivePages(path, query, name, { size, most }, isUnderWay) {
  const [state, setState] = useState({ of: null, items: null, cursor: null, error: null });
  const of = withQuery(path, query);
  const shown = state.of === of ? state : { items: null, cursor: null, error: null };
  const wanted = Math.min(most, Math.max(size, shown.items?.length ?? 0));
  const latest = useRef(null);
  latest.current = { of, address: withQuery(path, { ...query, limit: wanted }) };
  const next = useMemo(() => conditional(() => latest.current.address), [of]);
  const take = (change) => latest.current.of === of && setState((last) => ({ ...last, of, ...change(last) }));
  const reload = async () => {
    try {
      const answer = await next();
      if (answer === null) return;
      take(() => ({ ...joined(shown, answer[name], answer.next_cursor, most), error: null }));
    } catch (error) {
      take(() => ({ error, ...(shown.items === null && { items: null, cursor: null }) }));
      throw error;
    }
  };
  const loadMore = async () => {
    const answer = await get(path, { ...query, cursor: shown.cursor, limit: size });
    take((last) => ({ items: [...(last.items ?? []), ...answer[name]], cursor: answer.next_cursor }));
  };
  const isBusy = (shown.items ?? []).some(isUnderWay);
  usePolling(reload, true, [of, isBusy], isBusy ? undefined : IDLE_PACE);
  useWhenBack(() => reload().catch(() => {}));
  return { ...shown, reload: () => reload().catch(() => {}), loadMore };
}

/**
 * One thing that is followed for as long as its page is open: often while it changes by itself, else every few
 * seconds, for what others do with it.
 *
 * @param {string} address that names it
 * @param {() => () => Promise<object | null>} follow makes what asks for it; null: nothing has changed
 * @param {(item: object) => boolean} willChange whether it will still change by itself
 * @returns {{item: object | null, error: Error | null, isGone: boolean, ask: () => Promise<void>}} `isGone`: it was
 *   here and is deleted; it comes back when it is restored
 */
export function useFollowed(address, follow, willChange) {
  const [state, setState] = useState(() => nothingAt(address));
  const next = useMemo(follow, [address]);
  const latest = useRef(address);
  latest.current = address;
  const shown = state.address === address ? state : nothingAt(address);
  const take = (change) =>
    latest.current === address && setState((last) => change(last.address === address ? last : nothingAt(address)));
  const ask = async () => {
    try {
      const item = await next();
      take((last) => (!last.error && (item === null || item === last.item) ? last : foundAt(last, item)));
    } catch (error) {
      take((last) => ({ ...last, error }));
    }
  };
  const isMissing = shown.error?.status === 404;
  const isGone = isMissing && shown.item !== null;
  const isBusy = shown.item === null || (!isGone && willChange(shown.item));
  usePolling(ask, !isMissing || isGone, [address, isBusy], isBusy ? undefined : IDLE_PACE);
  return { item: isGone ? null : shown.item, error: shown.error, isGone, ask };
}

const nothingAt = (address) => ({ address, item: null, error: null });

const foundAt = (last, item) => ({ ...last, item: item ?? last.item, error: null });

/** The first page anew, before the rows beyond what the server gives at once. */
function joined({ items, cursor }, first, nextCursor, most) {
  const beyond = first.length === most ? (items ?? []).slice(most) : [];
  return { items: [...first, ...beyond], cursor: beyond.length > 0 ? cursor : nextCursor };
}
