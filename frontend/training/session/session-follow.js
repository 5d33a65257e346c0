// One session followed through the API: its epochs are added as they come.

import { conditional, get } from "../../lib/api.js";
import { useEffect, useState } from "../../lib/html.js";
import { useFollowed } from "../../lib/live.js";
import { whenSignedOut } from "../../lib/settings.js";
import { isUnderWay } from "../../lib/watch.js";

/** What early stopping follows: the label's log loss on the validation stars. */
export const scoreOf = (epoch) => epoch.val_label_loss ?? epoch.val_loss;

/** Whether a session has a model's figures: it completed, or failed and its best epoch was kept. */
export const hasResult = ({ status, best_epoch }) =>
  status === "completed" || (status === "failed" && best_epoch !== null);

/** The epoch with the best score so far, or null. */
export function bestOf(history) {
  let best = null;
  for (const epoch of history) {
    const score = scoreOf(epoch);
    if (score != null && (best === null || score < scoreOf(best))) best = epoch;
  }
  return best;
}

/**
 * Follows a session.
 *
 * @param {number} id
 * @returns {{ask: () => Promise<object>}} `ask` gives the session with its whole history; the same
 *   object while nothing changes, the same history while no epoch is added
 */
export function createFollower(id) {
  let session = null;
  const lastEpoch = () => session?.history.at(-1)?.epoch ?? 0;
  const next = conditional(() => `/api/training/session/${id}?after_epoch=${lastEpoch()}`);
  const follow = async () => {
    const answer = await next();
    if (answer) session = { ...answer.session, history: joined(session?.history ?? [], answer.session) };
    return session;
  };
  let underWay = null;
  return {
    /** Concurrent calls share one request: its epochs would be added twice otherwise. */
    ask() {
      underWay ??= follow().finally(() => {
        underWay = null;
      });
      return underWay;
    },
  };
}

/** A session that resumes after a restart repeats some epochs. */
function joined(known, { history, epochs_completed }) {
  const isAhead = known.length > 0 && known.at(-1).epoch > epochs_completed;
  const kept = isAhead ? known.filter((each) => each.epoch <= epochs_completed) : known;
  return history.length > 0 ? [...kept, ...history] : kept;
}

/**
 * A session with its history, live while its page is open.
 *
 * @param {number} id
 * @returns {{session: object | null, error: Error | null, isGone: boolean, ask: () => Promise<void>}}
 */
export function useSession(id) {
  const follow = () => createFollower(id).ask;
  const { item, ...rest } = useFollowed(`/api/training/session/${id}`, follow, isUnderWay);
  return { session: item, ...rest };
}

// The best epochs of sessions in a list, which comes without epochs.
const scores = new Map();

whenSignedOut(() => scores.clear());

/**
 * The metrics of a listed session's best epoch so far, or null. One with a result brings them; of
 * a running one, only epochs that the list has skipped are asked for.
 */
export function useBestScore(session) {
  const { id, status, epochs_completed } = session;
  const [, redraw] = useState(0);
  useEffect(() => {
    if (status !== "training" || epochs_completed === 0) return;
    takeScores(session).then(() => redraw((number) => number + 1), () => {});
  }, [id, status, epochs_completed]);
  if (hasResult(session)) return session.metrics && { epoch: session.best_epoch, ...session.metrics };
  return status === "training" ? (scores.get(id)?.best ?? null) : null;
}

async function takeScores({ id, epochs_completed, metrics }) {
  const known = scores.get(id) ?? { last: 0, best: null };
  if (epochs_completed <= known.last) return;
  const isNext = epochs_completed === known.last + 1;
  const epochs = isNext ? [{ epoch: epochs_completed, ...metrics }] : await epochsAfter(id, known.last);
  const best = bestOf([known.best, ...epochs].filter(Boolean));
  scores.set(id, { last: Math.max(epochs_completed, epochs.at(-1)?.epoch ?? 0), best });
}

async function epochsAfter(id, after_epoch) {
  const { session } = await get(`/api/training/session/${id}`, { after_epoch });
  return session.history;
}
