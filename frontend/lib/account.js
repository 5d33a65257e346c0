// Who is signed in with which token, what is used of the quotas, and what may be changed where.

import { get } from "./api.js";
import { whenSignedOut } from "./settings.js";
import { createStore } from "./store.js";

/** As GET /api/me answers; `token` is null for the one that the server was started with; `binDays` 0: no bin. */
const NOBODY = { user: null, token: null, usage: null, binDays: null };

export const account = createStore(NOBODY);

whenSignedOut(() => account.set(NOBODY));

/** Asks again: something was stored, started or deleted. */
export async function refreshAccount() {
  const { user, token = null, usage = null, bin_days: binDays = null } = await get("/api/me");
  account.set({ user, token, usage, binDays });
}

/**
 * A workspace with what the user may do in it.
 *
 * @param {object} workspace
 * @param {{read_only: boolean} | null} token
 * @returns {object} the workspace with `mayEdit`, and `lookingBecause` "viewer" or "token" if it is false
 */
export function withRights(workspace, token) {
  const lookingBecause = workspace.role === "viewer" ? "viewer" : token?.read_only ? "token" : null;
  return { ...workspace, mayEdit: lookingBecause === null, lookingBecause };
}
