// How many rows of a table are selected; all that are shown, or none.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";

/**
 * @param {object} properties
 * @param {object[]} properties.shown
 * @param {number} properties.count of the selected ones
 * @param {() => void} properties.onAdd selects those that are shown too
 * @param {() => void} properties.onClear
 * @param {string} [properties.text] of the button that selects, if they are not all that pass the filter
 */
export function Selection({ shown, count, onAdd, onClear, text }) {
  return html`
    <div class="actions">
      <button type="button" class="quiet" onClick=${onAdd}>
        ${text ?? t("predict.selectShown", { count: shown.length })}
      </button>
      <button type="button" class="quiet" disabled=${count === 0} onClick=${onClear}>
        ${t("predict.selectNone")}
      </button>
      <span class="hint" role="status">${t("predict.selected", { count })}</span>
    </div>
  `;
}
