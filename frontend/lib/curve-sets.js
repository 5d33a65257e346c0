// The curve sets of a workspace: where they are, and how a version of one is named.

import { get } from "./api.js";

export const SETS = "/api/light-curves";

// The server lists at most so many at once.
const MOST = 200;

const HASH_DIGITS = 12;

/** The curve sets of a workspace, newest first. */
export function listSets(workspace_key) {
  return get(SETS, { workspace_key, limit: MOST }).then((answer) => answer.curve_sets);
}

/** The first digits of a hash: enough to tell versions apart. */
export function shortHash(sha256) {
  return sha256.slice(0, HASH_DIGITS);
}
