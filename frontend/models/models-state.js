// The models of a workspace: the list, the current one, what promoting and deleting do to them.

import { get, post, remove } from "../lib/api.js";
import { useData } from "../lib/data.js";
import { useEffect } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { notify } from "../lib/notices.js";
import { useStore } from "../lib/store.js";
import { watched } from "../lib/watch.js";

/**
 * The models of a workspace, newest first; loaded again when a session completes.
 *
 * @returns as `useData`; `current` is the workspace's current model, or null
 */
export function useModels(workspace) {
  const models = useData(
    () => get("/api/models", { workspace_key: workspace.key }).then((answer) => answer.models),
    [workspace.key],
  );
  const left = useStore(watched, ({ sessions }) => (sessions ?? []).map((each) => each.model_id).join());
  useEffect(() => {
    if (models.data) models.reload();
  }, [left]);
  return { ...models, current: models.data?.find((each) => each.is_current) ?? null };
}

/** Whether promoting a model goes back to an older one. */
export function isRollback(model, current) {
  return current !== null && model.id < current.id;
}

/** What a file of the model is called. */
export function fileName(model) {
  return model.path.split("/").pop();
}

/** What a model is called: its title, or the name of its file. */
export function titleOf(model) {
  return model.title ?? model.name;
}

/**
 * Makes a model the current one, and updates the list and the workspace at once.
 *
 * @param {object} model
 * @param {object} models from `useModels`
 * @param {{reload: () => void}} workspaces
 */
export async function promote(model, models, workspaces) {
  const { model: promoted } = await post(`/api/models/${model.id}/promote`);
  models.setData(
    models.data.map((each) => ({ ...each, ...(each.id === promoted.id ? promoted : { is_current: false }) })),
  );
  workspaces.reload();
  notify(t("models.promoted", { name: titleOf(model), id: String(model.id) }), { kind: "success" });
}

/** Deletes a model. */
export async function erase(model) {
  await remove(`/api/models/${model.id}`);
  notify(t("models.deleted", { name: titleOf(model), id: String(model.id) }));
}
