// The sessions of a workspace, newest first: the first page is live, further ones come on demand.

import { get } from "../../lib/api.js";
import { useData } from "../../lib/data.js";
import { useEffect, useMemo, useRef, useState } from "../../lib/html.js";
import { useStore } from "../../lib/store.js";
import { PAGE, watchAgain, watched } from "../../lib/watch.js";

/**
 * @param {object} workspace
 * @param {string | undefined} status only sessions in this state
 * @returns {{sessions: object[] | null, error: Error | null, hasMore: boolean,
 *   loadMore: () => Promise<void>, forget: (id: number) => void, reload: () => void}}
 */
export function useSessionList(workspace, status) {
  const first = useFirstPage(workspace, status);
  const known = useRef({ of: null, sessions: [], atEnd: false });
  const [, redraw] = useState(0);
  const of = `${workspace.key} ${status}`;
  if (known.current.of !== of) known.current = { of, sessions: [], atEnd: false };
  if (first.sessions) known.current = { ...known.current, ...joined(known.current, first) };
  const loadMore = async () => {
    const cursor = known.current.sessions.at(-1)?.id;
    const answer = await askForPage(workspace, status, cursor);
    if (known.current.of !== of) return;
    const older = answer.sessions.filter((each) => each.id < cursor);
    known.current.sessions = [...known.current.sessions, ...older];
    known.current.atEnd = answer.next_cursor === null;
    redraw((number) => number + 1);
  };
  const forget = (id) => {
    known.current.sessions = known.current.sessions.filter((each) => each.id !== id);
    first.forget(id);
    redraw((number) => number + 1);
  };
  return {
    sessions: first.sessions && known.current.sessions,
    error: first.error,
    hasMore: Boolean(first.nextCursor) && !known.current.atEnd,
    loadMore,
    forget,
    reload: first.reload,
  };
}

function askForPage(workspace, status, cursor) {
  return get("/api/training/sessions", { workspace_key: workspace.key, status, limit: PAGE, cursor });
}

/** The page that `watched` keeps; with a status its own, asked for when one of the watched changes. */
function useFirstPage(workspace, status) {
  const state = useStore(watched);
  useEffect(() => {
    // Without a running session there is no polling, so another user's session is not known yet.
    if (watched.get().sessions) watchAgain();
  }, [workspace.key]);
  const live = state.key === workspace.key ? state.sessions : null;
  const load = async () => (status ? askForPage(workspace, status) : null);
  const filtered = useData(load, [workspace.key, status]);
  const states = (live ?? []).map((each) => `${each.id}${each.status}`).join();
  const seen = useRef(states);
  useEffect(() => {
    if (status && seen.current !== states) filtered.reload();
    seen.current = states;
  }, [states]);
  const sessions = useMemo(
    () => (status ? upToDate(filtered.data?.sessions, live, status) : live),
    [status, filtered.data, live],
  );
  const drop = (list, id) => list.filter((each) => each.id !== id);
  return {
    sessions,
    nextCursor: status ? filtered.data?.next_cursor : state.nextCursor,
    error: status ? filtered.error : state.error,
    reload: status ? filtered.reload : () => watched.set({ round: state.round + 1 }),
    forget(id) {
      if (filtered.data) filtered.setData({ ...filtered.data, sessions: drop(filtered.data.sessions, id) });
      if (live) watched.set({ sessions: drop(live, id) });
    },
  };
}

function upToDate(sessions, live, status) {
  const newer = new Map((live ?? []).map((each) => [each.id, each]));
  return sessions?.map((each) => newer.get(each.id) ?? each).filter((each) => each.status === status) ?? null;
}

/** The first page over what is known: a session that it should hold and does not is deleted. */
function joined({ sessions, atEnd }, first) {
  const oldest = first.sessions.at(-1)?.id ?? 0;
  const older = first.nextCursor ? sessions.filter((each) => each.id < oldest) : [];
  // Without a common session the page has moved on by more than its length: there may be a gap.
  const isAdjoining = sessions.length === 0 || sessions[0].id >= oldest;
  return { sessions: [...first.sessions, ...(isAdjoining ? older : [])], atEnd: isAdjoining && atEnd };
}
