// The sessions of a comparison, each with its evaluation where there is one.

import { ApiError, get } from "../lib/api.js";
import { usePolling, useWhenBack } from "../lib/data.js";
import { useEffect, useRef, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { createFollower, hasResult } from "../training/session/session-follow.js";
import { whenSignedOut } from "../lib/settings.js";
import { isUnderWay } from "../lib/watch.js";

/**
 * @typedef {object} Compared
 * @property {number} id
 * @property {object | null} session with its history
 * @property {object | null} evaluation
 * @property {Error | null} error why the session did not come
 */

/**
 * @param {number[]} ids
 * @param {object} workspace that they are of
 * @returns {Compared[]} in the same order; running ones are live
 */
export function useCompared(ids, workspace) {
  const followers = useRef(new Map());
  const [known, setKnown] = useState({});
  const learn = async (id) => {
    if (!followers.current.has(id)) followers.current.set(id, createFollower(id));
    const found = await load(id, followers.current.get(id), workspace);
    setKnown((last) => ({ ...last, [id]: found(last[id]) }));
  };
  useEffect(() => {
    for (const id of ids) if (!known[id]?.session) learn(id);
  }, [ids.join()]);
  useWhenBack(() => ids.filter((id) => !known[id]?.session).forEach(learn));
  const running = ids.filter((id) => known[id]?.session && isUnderWay(known[id].session));
  usePolling(() => Promise.all(running.map(learn)), running.length > 0, [running.join()]);
  return ids.map((id) => known[id] ?? { id, session: null, evaluation: null, error: null });
}

/** Loads a session; returns the update to what is known of it. */
async function load(id, follower, workspace) {
  try {
    const session = await follower.ask();
    if (session.workspace_id !== workspace.id) throw new ApiError(404, { detail: t("notFound.text") });
    const evaluation = hasResult(session) ? await evaluationOf(session) : null;
    const isKnown = (last) => last?.session === session && last.evaluation === evaluation;
    return (last) => (isKnown(last) ? last : { id, session, evaluation, error: null });
  } catch (error) {
    return (last) => ({ id, session: null, evaluation: null, ...last, error });
  }
}

// An evaluation never changes, and holds thousands of points.
const evaluations = new Map();

whenSignedOut(() => evaluations.clear());

async function evaluationOf({ id, spec }) {
  if (spec.test_split === 0) return null;
  if (!evaluations.has(id)) {
    const asked = get(`/api/training/session/${id}/evaluation`);
    const { evaluation } = await asked.catch(withoutOne);
    evaluations.set(id, evaluation);
  }
  return evaluations.get(id);
}

/** A table with few stars leaves none to test on: the rest of the session can be compared all the same. */
function withoutOne(error) {
  if (error.status !== 404) throw error;
  return { evaluation: null };
}
