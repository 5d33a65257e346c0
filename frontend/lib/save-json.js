// Something as a readable JSON file.

import { saveBlob } from "./api.js";

/** Hands a value to the browser to save. */
export function saveJson(value, name) {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  saveBlob(new Blob([text], { type: "application/json" }), name);
}
