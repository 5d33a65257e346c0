// What an upload sends: the file, its workspace, its name, and how it is to be read.

import { fileForm } from "../reading/sending.js";

export const UPLOAD_PATH = "/api/training/upload-dataset";

/**
 * @param {{key: string}} workspace
 * @param {File} file
 * @param {object} options name: of the dataset; said: {columns, units, labels, table}, how it is to be read
 * @returns {FormData}
 */
export function uploadForm(workspace, file, { name, said } = {}) {
  const form = fileForm(workspace, file, said);
  if (name) form.set("name", name);
  return form;
}
