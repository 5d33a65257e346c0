// What a model keeps of its training table, in files beside it.

import { download } from "../lib/api.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { ActionButton, Explained } from "../ui/basics.js";
import { fileName } from "./models-state.js";

/** The files by their names in the API: their entries in the manifest, which also end their names. */
const PARTS = { training_rows: "neighbours", relations: "related" };

/** @param {{model: object, manifest: object | null}} properties models of earlier releases keep less, or nothing */
export function KeptFiles({ model, manifest }) {
  const kept = Object.entries(PARTS).filter(([, entry]) => manifest?.[entry]);
  return kept.map(
    ([part, entry]) => html`<span key=${part} class="hint">
      <${Explained} term=${`kept.${part}`}>
        <${ActionButton} class="link" onAct=${() => save(model, part, entry)}>${t(`models.kept.${part}`)}<//>
      <//>
    </span>`,
  );
}

function save(model, part, entry) {
  const name = fileName(model).replace(/\.keras$/, `.${entry}.npy`);
  return download(`/api/models/${model.id}/download?part=${part}`, name);
}
