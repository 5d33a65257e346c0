// What an entry of the audit log says in words.

import { t } from "../lib/i18n.js";

/** What is recorded, as the API names it. */
export const ACTIONS = [
  "sign_in_failed",
  "token_created",
  "token_revoked",
  "member_added",
  "member_role_changed",
  "member_removed",
  "member_left",
  "member_refused",
  "workspace_created",
  "workspace_deleted",
  "dataset_deleted",
  "curve_set_deleted",
  "server_folder_indexed",
  "session_deleted",
  "session_renamed",
  "model_renamed",
  "workspace_renamed",
  "dataset_renamed",
  "study_deleted",
  "study_downloaded",
  "checkpoint_deleted",
  "model_deleted",
  "analysis_deleted",
  "model_downloaded",
  "dataset_downloaded",
  "label_rule_changed",
  "labels_imported",
  "version_created",
  "batch_downloaded",
  "batch_deleted",
  "model_promoted",
  "bin_restored",
  "bin_deleted",
  "bin_evicted",
  "bin_expired",
];

// What nobody asked for.
const BY_SERVER = ["bin_evicted", "bin_expired"];

/** Who did it: a user's name, or the server. */
export function userText({ action, user }) {
  return user ?? (BY_SERVER.includes(action) ? t("audit.by-server") : "–");
}

const KINDS = ["token", "dataset", "curve-set", "session", "model", "analysis", "study", "batch", "workspace"];

/** What it was done to, and more about it: "Model 3 · kepler"; empty if neither is known. */
export function detailText({ target, detail }) {
  return [targetText(target), detail].filter(Boolean).join(" · ");
}

/** A target such as "model 3" in the page's language; a name stays as it is. */
function targetText(target) {
  const [, words, id] = /^([a-z ]+) (\d+)$/.exec(target ?? "") ?? [];
  const kind = words?.replace(" ", "-");
  return KINDS.includes(kind) ? t(`audit.target.${kind}`, { id }) : target;
}
