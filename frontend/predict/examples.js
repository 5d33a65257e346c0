// Invented candidates to try the form with.

import { EXAMPLES } from "./examples-state.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";

/** @param {{onChoose: (typed: object) => void}} properties called with the values for the form */
export function Examples({ onChoose }) {
  return html`
    <div class="examples">
      <p class="hint" id="examples-title">${t("predict.examples")}</p>
      <div class="actions" role="group" aria-labelledby="examples-title">
        ${Object.entries(EXAMPLES).map(
          ([name, numbers]) =>
            html`<button
              key=${name}
              type="button"
              class="chip"
              data-test=${`example-${name}`}
              onClick=${() => onChoose({ ...numbers, star: t(`predict.example.${name}`) })}
            >
              ${t(`predict.example.${name}`)}
            </button>`,
        )}
      </div>
    </div>
  `;
}
