// What a curve set and its newest import are in the middle of.

import { get } from "../lib/api.js";

export const SETS = "/api/light-curves";

/** Whether files of a set are being read, or wait for it. */
export function isUnderWay({ job }) {
  return job !== null && (job.status === "pending" || job.status === "running");
}

/** The share of its files that an import has read; null while it waits, or nothing is known of its first file. */
export function shareOf({ status, progress }) {
  return status === "running" && progress > 0 ? progress : null;
}

// The server lists at most so many at once.
const MOST = 200;

/** The curve sets of a workspace, newest first. */
export const listSets = (workspace_key) =>
  get(SETS, { workspace_key, limit: MOST }).then(({ curve_sets: sets }) => sets);
