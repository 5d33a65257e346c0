// Moves through the pages of a list by the server's cursors.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { pageBefore } from "./view.js";

/**
 * @param {object} properties
 * @param {object} properties.view of `viewOf`
 * @param {number} properties.count rows of this page
 * @param {number} properties.total
 * @param {string | null} properties.nextCursor
 * @param {string | null} properties.previousCursor
 * @param {(place: {cursor: string, from: number}) => void} properties.onPage
 */
export function Pages({ view, count, total, nextCursor, previousCursor, onPage }) {
  const { cursor, from } = view;
  const next = () => onPage({ cursor: nextCursor, from: from + count });
  const previous = () => onPage(pageBefore(from, previousCursor));
  const place = { from: count ? from : 0, to: count ? from + count - 1 : 0, all: total };
  return html`
    <nav class="actions list-pages" aria-label=${t("list.pages")}>
      <span role="status">${t("list.place", place)}</span>
      ${(cursor || nextCursor) &&
      html`
        <button type="button" disabled=${!cursor} onClick=${previous}>${t("previous")}</button>
        <button type="button" disabled=${!nextCursor} onClick=${next}>${t("next")}</button>
      `}
    </nav>
  `;
}
