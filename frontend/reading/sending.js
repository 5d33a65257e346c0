// What is sent of a reading: the fields of a form, and the question what would come of them.

import { upload } from "../lib/api.js";
import { withPatience } from "../lib/patience.js";

/**
 * The form that carries a file and how it is to be read.
 *
 * @param {{key: string}} workspace
 * @param {File} file
 * @param {{columns: object, units: object, labels: object, table: string}} [said] as `whatIsSaid` has it
 * @returns {FormData}
 */
export function fileForm(workspace, file, said = {}) {
  const form = new FormData();
  form.set("workspace_key", workspace.key);
  for (const [field, values] of Object.entries(said)) {
    if (Object.keys(values).length) form.set(field, field === "table" ? values : JSON.stringify(values));
  }
  form.set("file", file);
  return form;
}

/** What would come of the file, read as it was said; nothing is stored. */
export async function previewAt(path, workspace, file, said) {
  const ask = () => upload(`${path}?preview=1`, fileForm(workspace, file, said), () => {});
  const { body } = await withPatience(ask, { onWait: () => {} });
  return body;
}
