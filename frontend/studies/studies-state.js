// The studies of a workspace and one study, followed while they are under way; what can be done with one.

import { conditional, post, remove, withQuery } from "../lib/api.js";
import { useFollowed, useLivePages } from "../lib/live.js";
import { PAGE, RUNNING } from "../lib/watch.js";

const PATH = "/api/training/studies";

// The server lists at most so many at once.
const MOST = 200;

/** Whether sessions of a study run or wait. */
export const isUnderWay = ({ status }) => RUNNING.includes(status);

/** Whether something of a study will still change by itself. */
export function willChange(study) {
  return isUnderWay(study) || [study.figures, study.grid].some((each) => each?.intervals_state === "pending");
}

/** The addresses of the pages. */
export const studiesHref = (workspace) => `/w/${workspace.id}/studies`;
export const studyHref = (workspace, id) => `${studiesHref(workspace)}/${id}`;

export const comparisonHref = (workspace, id, other) =>
  withQuery(`${studyHref(workspace, id)}/comparison`, { other });

export const pathOf = (id, page = "") => `${PATH}/${id}${page && `/${page}`}`;

/** Starts a study and returns it. */
export async function startStudy(request, idempotencyKey) {
  const { study } = await post(PATH, request, { headers: { "Idempotency-Key": idempotencyKey } });
  return study;
}

/** "stop", "cancel" or "retry". */
export const act = (id, wish) => post(pathOf(id, wish));

/** Starts the session that joins the models of all folds to one, and returns it. */
export async function joinModels(id, idempotencyKey) {
  const { session } = await post(pathOf(id, "model"), {}, { headers: { "Idempotency-Key": idempotencyKey } });
  return session;
}

export const deleteStudy = (id) => remove(pathOf(id));

/** The studies of a workspace, newest first; `studies` is null until they are loaded. */
export function useStudies(workspace) {
  const query = { workspace_key: workspace.key };
  const { items, ...rest } = useLivePages(PATH, query, "studies", { size: PAGE, most: MOST }, isUnderWay);
  return { studies: items, ...rest };
}

/** One study, followed while its page is open. */
export function useStudy(id) {
  const { item, ...rest } = useFollowed(pathOf(id), () => followStudy(id), willChange);
  return { study: item, ...rest };
}

function followStudy(id) {
  const next = conditional(() => pathOf(id));
  return async () => (await next())?.study ?? null;
}
