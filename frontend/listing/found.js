// What of a list was found: its filters, an error or the rows, and the pages.

import { html, useEffect } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Failure } from "../ui/basics.js";
import { FilterChips } from "./filters.js";
import { Pages } from "./pages.js";
import { viewOf } from "./view.js";

/**
 * @param {object} properties
 * @param {object} properties.list from `useListed`: its data has `total` and `next_cursor`
 * @param {object[]} properties.rows
 * @param {object} properties.view
 * @param {object} properties.initial the view that an address which says nothing stands for
 * @param {object[]} properties.fields that can be filtered
 * @param {(patch: object, options?: object) => void} properties.change
 * @param {string} properties.none what is said where nothing matches
 */
export function Found({ list, rows, view, initial, fields, change, none, children }) {
  const isPastEnd = view.cursor !== "" && list.data?.total > 0 && rows.length === 0;
  useEffect(() => {
    if (isPastEnd) change({}, { replace: true }); // all of a last page was deleted: the first one
  }, [isPastEnd]);
  const isWrong = list.error?.status === 422; // an address that says what the server does not know
  const retry = isWrong ? () => change(viewOf({}, initial)) : list.reload;
  return html`
    <${FilterChips}
      fields=${fields}
      filters=${view.filters}
      onRemove=${(filter) => change({ filters: view.filters.filter((each) => each !== filter) })}
      onClear=${() => change({ filters: [] })}
    />
    ${list.error && html`<${Failure} error=${list.error} onRetry=${retry} />`}
    ${!list.data && !list.error && html`<p class="loading" role="status">${t("loading")}</p>`}
    ${list.data && !isWrong &&
    html`
      ${rows.length === 0 ? html`<p class="hint">${none}</p>` : children}
      <${Pages}
        view=${view}
        count=${rows.length}
        total=${list.data.total ?? rows.length}
        nextCursor=${list.data.next_cursor}
        previousCursor=${list.data.previous_cursor}
        onPage=${(place) => change(place, { staysOnPage: true })}
      />
    `}
  `;
}
