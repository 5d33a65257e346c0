// A table of results: filter, sorting, pages, selection, details.

import { html, useMemo, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { countResults, filtered, NO_FILTER, sorted } from "./results.js";
import { Pager } from "../ui/pager.js";
import { ResultDialog } from "./result-dialog.js";
import { Check, ResultFilter } from "./result-filter.js";
import { ResultTable } from "./result-table.js";
import { Selection } from "./selection.js";
import { sortAfterClick } from "./sorting.js";

const PAGE = 50;

const IN_ORDER = { key: "place", isDescending: false };

/**
 * @param {object} properties
 * @param {string} properties.title of the table
 * @param {object[]} properties.results
 * @param {import("./result-columns.js").Column[]} properties.columns shown at first
 * @param {import("./result-columns.js").Column[]} [properties.more] shown on demand
 * @param {boolean} [properties.isSelectable]
 * @param {(result: object) => any} properties.detail what the dialog shows of one
 * @param {(shown: object[], selected: object[]) => any} properties.actions beside the number of rows
 */
export function ResultExplorer({ title, results, columns, more = [], isSelectable, detail, actions }) {
  const [view, setView] = useState({ filter: NO_FILTER, sort: IN_ORDER, page: 0, hasMore: false });
  const [selected, setSelected] = useState(() => new Set());
  const [opened, setOpened] = useState(null);
  const change = (patch) => setView((last) => ({ ...last, page: 0, ...patch }));
  const all = view.hasMore ? [...columns, ...more] : columns;
  const counts = useMemo(() => countResults(results), [results]);
  const shown = useShown(results, view, all);
  const chosen = useMemo(() => results.filter((each) => selected.has(each.place)), [results, selected]);
  const toggle = ({ place }) => setSelected((last) => toggled(last, place));
  return html`
    <section class="card stack" aria-labelledby="results-title">
      <h2 id="results-title">${title}</h2>
      <${ResultFilter}
        filter=${view.filter}
        counts=${counts}
        onChange=${(patch) => change({ filter: { ...view.filter, ...patch } })}
      />
      <div class="row between">
        <p class="hint" role="status">${t("predict.shown", { shown: shown.length, all: results.length })}</p>
        ${more.length > 0 &&
        html`<${Check}
          isOn=${view.hasMore}
          onChange=${(hasMore) => change({ hasMore, page: view.page })}
          text=${t("predict.allColumns", { count: more.length })}
        />`}
      </div>
      ${isSelectable && html`<${Selection}
        shown=${shown}
        count=${selected.size}
        onAdd=${() => setSelected((last) => new Set([...last, ...shown.map(({ place }) => place)]))}
        onClear=${() => setSelected(new Set())}
      />`}
      <div class="actions">${actions(shown, chosen)}</div>
      ${shown.length === 0
        ? html`<p class="message">
            ${t("predict.noneShown")}${" "}
            <button type="button" onClick=${() => change({ filter: NO_FILTER })}>
              ${t("predict.filter.none")}
            </button>
          </p>`
        : html`<${ResultTable}
              results=${shown.slice(view.page * PAGE, (view.page + 1) * PAGE)}
              columns=${all}
              sort=${view.sort}
              onSort=${(key) => change({ sort: sortAfterClick(view.sort, key, IN_ORDER) })}
              onOpen=${(result) => setOpened(shown.indexOf(result))}
              selected=${isSelectable ? selected : null}
              onSelect=${toggle}
            />
            <${Pager}
              page=${view.page}
              size=${PAGE}
              total=${shown.length}
              onPage=${(page) => change({ page })}
            />`}
      ${opened !== null &&
      html`<${ResultDialog}
        results=${shown}
        position=${opened}
        onMove=${setOpened}
        onClose=${() => setOpened(null)}
      >
        ${detail(shown[opened])}
      <//>`}
    </section>
  `;
}

/** The filtered results, sorted. */
function useShown(results, { filter, sort }, columns) {
  const kept = useMemo(() => filtered(results, filter), [results, filter]);
  return useMemo(() => {
    if (sort.key === IN_ORDER.key) return kept;
    const column = columns.find((each) => each.key === sort.key);
    return sorted(kept, column?.valueOf ?? ((result) => result.name), sort.isDescending);
  }, [kept, sort]);
}

function toggled(set, member) {
  const next = new Set(set);
  if (!next.delete(member)) next.add(member);
  return next;
}
