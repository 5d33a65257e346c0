// What an upload sends: the file, its workspace, and how it is to be read.

import { upload } from "../lib/api.js";
import { withPatience } from "../lib/patience.js";

export const UPLOAD_PATH = "/api/training/upload-dataset";

/**
 * @param {{key: string}} workspace
 * @param {File} file
 * @param {object} options name: of the dataset; said: {columns, units, labels, table}, how it is to be read
 * @returns {FormData}
 */
export function uploadForm(workspace, file, { name, said = {} } = {}) {
  const form = new FormData();
  form.set("workspace_key", workspace.key);
  if (name) form.set("name", name);
  for (const [field, values] of Object.entries(said)) {
    if (Object.keys(values).length) form.set(field, field === "table" ? values : JSON.stringify(values));
  }
  form.set("file", file);
  return form;
}

/** What the file would be as a dataset; nothing is stored. */
export async function previewOf(workspace, file, said) {
  const ask = () => upload(`${UPLOAD_PATH}?preview=1`, uploadForm(workspace, file, { said }), () => {});
  const { body } = await withPatience(ask, { onWait: () => {} });
  return body;
}
