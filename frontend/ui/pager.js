// Moves through the pages of a long table.

import { html } from "../lib/html.js";
import { number, t } from "../lib/i18n.js";

/**
 * @param {object} properties
 * @param {number} properties.page from 0
 * @param {number} properties.size rows a page
 * @param {number} properties.total rows
 * @param {(page: number) => void} properties.onPage
 * @param {string} [properties.label] what it pages through, where a page of the site has several
 */
export function Pager({ page, size, total, onPage, label }) {
  const last = Math.max(0, Math.ceil(total / size) - 1);
  if (last === 0 && page === 0) return null;
  const place = { from: Math.min(total, page * size + 1), to: Math.min(total, (page + 1) * size), all: total };
  return html`
    <nav class="actions pager" aria-label=${label ?? t("predict.pager")}>
      <button type="button" disabled=${page === 0} onClick=${() => onPage(0)}>
        ${t("predict.pager.first")}
      </button>
      <button type="button" disabled=${page === 0} onClick=${() => onPage(Math.min(page - 1, last))}>
        ${t("previous")}
      </button>
      <span role="status">${t("predict.pager.place", place)}</span>
      <button type="button" disabled=${page >= last} onClick=${() => onPage(page + 1)}>${t("next")}</button>
      <button type="button" disabled=${page === last} onClick=${() => onPage(last)}>
        ${t("predict.pager.last", { page: number(last + 1) })}
      </button>
    </nav>
  `;
}
