// One result in a dialog, with buttons to the previous and next.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Dialog } from "../ui/basics.js";
import { nameOf } from "./result-table.js";

/**
 * @param {object} properties
 * @param {object[]} properties.results in the order of the table
 * @param {number} properties.position of the one that is shown
 * @param {(position: number) => void} properties.onMove
 * @param {() => void} properties.onClose
 * @param {any} properties.children
 */
export function ResultDialog({ results, position, onMove, onClose, children }) {
  const result = results[position];
  return html`
    <${Dialog} isWide title=${titleOf(result)} onClose=${onClose}>
      <div class="stack">
        <div class="actions">
          <button type="button" disabled=${position === 0} onClick=${() => onMove(position - 1)}>
            ${t("previous")}
          </button>
          <button
            type="button"
            disabled=${position === results.length - 1}
            onClick=${() => onMove(position + 1)}
          >
            ${t("next")}
          </button>
          <span class="hint" role="status"
            >${t("predict.place", { place: position + 1, all: results.length })}</span
          >
        </div>
        ${children}
      </div>
    <//>
  `;
}

function titleOf(result) {
  const name = nameOf(result);
  return result.star && result.star !== name ? `${name} · ${result.star}` : name;
}
