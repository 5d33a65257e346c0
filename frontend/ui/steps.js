// To the item before and after, with buttons and with the arrow keys, in a dialog that shows one of a list.

import { html, useEffect, useRef } from "../lib/html.js";
import { t } from "../lib/i18n.js";

// Where an arrow key has another meaning.
const OTHER_MEANING = "input, select, textarea, .plot, .table-scroll, [contenteditable]";

/**
 * @param {object} properties
 * @param {number} properties.position from 0
 * @param {number} properties.count
 * @param {string} properties.label of the buttons together
 * @param {string} properties.text where in the list it is
 * @param {(position: number) => void} properties.onMove
 */
export function Steps({ position, count, label, text, onMove }) {
  const place = useRef(null);
  const latest = useRef(null);
  latest.current = (by) => position + by >= 0 && position + by < count && onMove(position + by);
  useEffect(() => {
    const dialog = place.current.closest("dialog");
    const press = (event) => {
      const by = stepOf(event);
      if (by === 0 || event.target.closest(OTHER_MEANING)) return;
      event.preventDefault();
      latest.current(by);
    };
    dialog?.addEventListener("keydown", press);
    return () => dialog?.removeEventListener("keydown", press);
  }, []);
  // Disabled by name only: a button that is gone would take the focus with it.
  const button = (by, says) => html`<button
    type="button"
    aria-disabled=${position + by < 0 || position + by >= count}
    onClick=${() => latest.current(by)}
    >${says}</button
  >`;
  return html`
    <div class="actions" role="group" aria-label=${label} aria-keyshortcuts="ArrowLeft ArrowRight" ref=${place}>
      ${button(-1, `← ${t("previous")}`)} ${button(1, `${t("next")} →`)}
      <span class="hint" role="status">${text}</span>
    </div>
  `;
}

function stepOf({ key, ctrlKey, metaKey, altKey, shiftKey }) {
  if (ctrlKey || metaKey || altKey || shiftKey) return 0;
  return { ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0;
}
