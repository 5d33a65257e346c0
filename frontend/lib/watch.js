// The newest sessions of the workspace, polled, often while one is running; announces when one ends.

import { conditional, withQuery } from "./api.js";
import { IDLE_PACE, usePolling, useWhenBack } from "./data.js";
import { useEffect, useRef, useState } from "./html.js";
import { t } from "./i18n.js";
import { notify, notifyOutside } from "./notices.js";
import { whenSignedOut } from "./settings.js";
import { createStore } from "./store.js";

export const PAGE = 50;

export const RUNNING = ["pending", "training"];

/** What a session is called: its title, or the name of its model. */
export function nameOf({ title, model_name: name }) {
  return title ?? name;
}

/** Whether the best epoch of a failed session is becoming a model. */
export const isBeingKept = ({ status, request }) => status === "failed" && request === "keep";

/** Whether something of a session will still change by itself. */
export const isUnderWay = (session) => RUNNING.includes(session.status) || isBeingKept(session);

/**
 * The first page of sessions of the workspace opened last; `sessions` is null until they are loaded.
 * `unseen` counts those that ended while the page was hidden.
 */
const NOTHING = { key: null, sessions: null, nextCursor: null, error: null, unseen: 0, round: 0 };

export const watched = createStore(NOTHING);

whenSignedOut(() => watched.set(NOTHING));

/** Polls now: a session was started, stopped or deleted. */
export function watchAgain() {
  watched.set({ round: watched.get().round + 1 });
}

/** Keeps `watched` up to date; used once, by the frame. */
export function useWatch(openWorkspace) {
  const workspace = useLast(openWorkspace);
  const [isRunning, setRunning] = useState(false);
  const [poll, setPoll] = useState(null);
  const [round, setRound] = useState(() => watched.get().round);
  useEffect(() => watched.subscribe((state) => setRound(state.round)), []);
  useEffect(() => {
    const key = workspace?.key ?? null;
    // Another language renders the frame anew; sessions running then must still be announced.
    if (watched.get().key !== key) watched.set({ key, sessions: null, nextCursor: null, error: null });
    const path = withQuery("/api/training/sessions", { workspace_key: key, limit: PAGE });
    setPoll(() => workspace && conditional(() => path));
    setRunning(false);
  }, [workspace?.key]);
  const ask = async () => {
    try {
      const answer = await poll();
      if (answer === null || watched.get().key !== workspace.key) return;
      announceEnded(watched.get().sessions ?? [], answer.sessions, workspace);
      watched.set({ sessions: answer.sessions, nextCursor: answer.next_cursor, error: null });
      setRunning(answer.sessions.some(isUnderWay));
    } catch (error) {
      watched.set({ error });
      if (error.status === 404) setRunning(false); // the workspace is deleted, or no longer ours
      throw error;
    }
  };
  usePolling(ask, Boolean(poll), [poll, isRunning, round], isRunning ? undefined : IDLE_PACE);
  useWhenBack(() => poll && ask().catch(() => {}));
  useEffect(() => {
    const whenShown = () => {
      if (!document.hidden) watched.set({ unseen: 0 });
    };
    document.addEventListener("visibilitychange", whenShown);
    return () => document.removeEventListener("visibilitychange", whenShown);
  }, []);
}

/** The open workspace, or the last one: its sessions are announced on other pages too. */
function useLast(workspace) {
  const last = useRef(workspace);
  if (workspace) last.current = workspace;
  return last.current;
}

function announceEnded(before, now, workspace) {
  const ran = new Set(before.filter((each) => RUNNING.includes(each.status)).map((each) => each.id));
  const ended = now.filter((each) => ran.has(each.id) && !RUNNING.includes(each.status));
  for (const session of ended) {
    const isNoBetter = session.verdict?.beats_guessing === false;
    const said = isNoBetter ? "watch.noBetter" : `watch.${session.status}`;
    const say = () => t(said, { name: nameOf(session), id: String(session.id) });
    const kind = isNoBetter ? "info" : ({ completed: "success", failed: "error" }[session.status] ?? "info");
    const link = `#/w/${workspace.id}/sessions/${session.id}`;
    // On the session's own page its end is visible, and a cancelled one is no news: that notice closes by itself.
    const isSeen = !document.hidden && location.hash === link;
    const stays = !isSeen && session.status !== "cancelled";
    notify(say, { kind, link, linkSays: () => t("watch.open"), stays });
    notifyOutside(say(), link);
  }
  if (document.hidden) watched.set({ unseen: watched.get().unseen + ended.length });
}
