// The curve sets of a workspace.

import { get } from "./api.js";

export const SETS = "/api/light-curves";

// The server lists at most so many at once.
const MOST = 200;

/** The curve sets of a workspace, newest first. */
export function listSets(workspace_key) {
  return get(SETS, { workspace_key, limit: MOST }).then((answer) => answer.curve_sets);
}
