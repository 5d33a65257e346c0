// One result in a dialog, with buttons and arrow keys to the previous and next.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Dialog } from "../ui/basics.js";
import { Steps } from "../ui/steps.js";
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
        <${Steps}
          position=${position}
          count=${results.length}
          label=${t("evaluation.steps")}
          text=${t("predict.place", { place: position + 1, all: results.length })}
          onMove=${onMove}
        />
        ${children}
      </div>
    <//>
  `;
}

function titleOf(result) {
  const name = nameOf(result);
  return result.star && result.star !== name ? `${name} · ${result.star}` : name;
}
