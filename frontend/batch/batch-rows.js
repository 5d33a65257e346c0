// The rows of a predicted catalogue: the server filters, sorts and pages; the address says how.

import { download, get, withQuery } from "../lib/api.js";
import { useData } from "../lib/data.js";
import { html, useEffect, useMemo, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { goTo } from "../lib/router.js";
import { ActionButton, Failure, Field } from "../ui/basics.js";
import { Pager } from "../ui/pager.js";
import { BatchDetail } from "./batch-detail.js";
import { BatchSave } from "./batch-save.js";
import { addressOf, askedOf, isShare, isSortable, nextSort, NO_FILTER, PAGE, viewOf } from "./batch-query.js";
import { csvName } from "./batch-start.js";
import { namesIn } from "../results/catalogue.js";
import { ownColumns, resultColumns } from "../results/result-columns.js";
import { ResultDialog } from "../results/result-dialog.js";
import { Check, ResultFilter } from "../results/result-filter.js";
import { ResultTable } from "../results/result-table.js";
import { Selection } from "../results/selection.js";
import { batchResult } from "../results/results.js";

/** What a result can be downloaded as. */
const FORMATS = {
  csv: { name: "CSV", suffix: "csv" },
  ecsv: { name: "ECSV", suffix: "ecsv" },
  votable: { name: "VOTable", suffix: "vot" },
};

/** @param {{workspace: object, batch: object, query: object}} properties a batch that is completed */
export function BatchRows({ workspace, batch, query }) {
  const view = viewOf(query);
  const asked = askedOf(view);
  const path = `/api/predict/batches/${batch.id}`;
  const load = (offset, limit) =>
    get(`${path}/rows`, { ...asked, offset, limit }).then(({ rows, total }) => ({
      results: rows.map((row) => batchResult(row, batch.table)),
      total,
    }));
  const page = useData(() => load(view.page * PAGE, PAGE), [path, JSON.stringify(asked), view.page]);
  const [selected, setSelected] = useState(() => new Map());
  const [opened, setOpened] = useState(null);
  const [lastTotal, setLastTotal] = useState(null);
  if (page.data && page.data.total !== lastTotal) setLastTotal(page.data.total);
  const total = page.data?.total ?? lastTotal ?? batch.rows_done;
  const results = page.data?.results ?? [];
  const columns = useColumns(batch, results, view.hasMore);
  const change = (patch) => {
    const next = addressOf({ ...view, page: 0, ...patch });
    goTo(`/w/${workspace.id}/predict/batch/${batch.id}${next && `?${next}`}`, { replace: true });
  };
  const filterBy = (patch) => change({ filter: { ...view.filter, ...patch } });
  const toggle = (result) => setSelected((last) => toggled(last, result));
  return html`
    <section class="card stack" aria-labelledby="results-title" aria-busy=${page.isLoading}>
      <div class="row between">
        <h2 id="results-title">${t("predict.batch.table")}</h2>
        <div class="actions"><${Downloads} batch=${batch} path=${path} asked=${asked} total=${total} /></div>
      </div>
      <${ResultFilter} filter=${view.filter} counts=${batch.counts} onChange=${filterBy}>
        <${MinConfirmed} value=${view.filter.minConfirmed} onChange=${(minConfirmed) => filterBy({ minConfirmed })} />
      <//>
      <div class="row between">
        <p class="hint" role="status">${t("predict.shown", { shown: total, all: batch.rows_done })}</p>
        <${Check}
          isOn=${view.hasMore}
          onChange=${(hasMore) => change({ hasMore, page: view.page })}
          text=${t("predict.allColumns", { count: batch.table.columns.length })}
        />
      </div>
      ${workspace.mayEdit && html`<${Selection}
        shown=${results}
        count=${selected.size}
        onAdd=${() => setSelected((last) => new Map([...last, ...results.map((each) => [each.place, each])]))}
        onClear=${() => setSelected(new Map())}
        text=${t("predict.batch.selectPage", { count: results.length })}
      />`}
      ${workspace.mayEdit &&
      html`<div class="actions">
        <${BatchSave}
          workspace=${workspace}
          batch=${batch}
          total=${total}
          selected=${[...selected.values()]}
          load=${(count) => load(0, count).then((all) => all.results)}
        />
      </div>`}
      <${Table} ...${{ page, results, total, view, columns, change, toggle, setOpened }}
        selected=${workspace.mayEdit ? selected : null} />
      ${opened !== null &&
      results[opened] &&
      html`<${ResultDialog}
        results=${results}
        position=${opened}
        onMove=${setOpened}
        onClose=${() => setOpened(null)}
      >
        <${BatchDetail} workspace=${workspace} batch=${batch} result=${results[opened]} />
      <//>`}
    </section>
  `;
}

function Table({ page, results, total, view, columns, change, toggle, setOpened, selected }) {
  if (page.error) return html`<${Failure} error=${page.error} onRetry=${page.reload} />`;
  if (page.data === null) return html`<p class="loading" role="status">${t("loading")}</p>`;
  if (total === 0) {
    return html`<p class="message">
      ${t("predict.noneShown")}${" "}
      <button type="button" onClick=${() => change({ filter: NO_FILTER })}>${t("predict.filter.none")}</button>
    </p>`;
  }
  return html`
    <${ResultTable}
      results=${results}
      columns=${columns}
      sort=${view.sort}
      isSortable=${isSortable}
      onSort=${(key) => change({ sort: nextSort(view.sort, key) })}
      onOpen=${(result) => setOpened(results.indexOf(result))}
      selected=${selected}
      onSelect=${toggle}
    />
    <${Pager} page=${view.page} size=${PAGE} total=${total} onPage=${(number) => change({ page: number })} />
  `;
}

/** All rows, and where there are filters or a sort, those that the table shows, in its order. */
function Downloads({ batch, path, asked, total }) {
  const [format, setFormat] = useState("csv");
  const name = `${csvName(batch.file_name).slice(0, -"csv".length)}${FORMATS[format].suffix}`;
  const values = { format: FORMATS[format].name };
  const isPart = Object.values(asked).some((value) => value !== null);
  return html`
    <label class="row" for="batch-format">
      ${t("predict.batch.format")}
      <select id="batch-format" value=${format} onChange=${(event) => setFormat(event.target.value)}>
        ${Object.entries(FORMATS).map(([key, each]) => html`<option key=${key} value=${key}>${each.name}</option>`)}
      </select>
    </label>
    <${ActionButton}
      class="primary"
      data-test="batch-csv"
      onAct=${() => download(withQuery(`${path}/result`, { format }), name)}
    >
      ${t("predict.batch.csv", { ...values, count: batch.rows_done })}
    <//>
    ${isPart &&
    html`<${ActionButton}
      data-test="batch-csv-shown"
      disabled=${total === 0}
      onAct=${() => download(withQuery(`${path}/result`, { ...asked, format }), name)}
    >
      ${t("predict.batch.csvShown", { ...values, count: total })}
    <//>`}
  `;
}

function MinConfirmed({ value, onChange }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const isWrong = text !== "" && !isShare(text);
  const take = (typed) => {
    setText(typed);
    if (typed === "" || isShare(typed)) onChange(typed.trim());
  };
  return html`<${Field}
    id="filter-min"
    label=${t("predict.filter.minConfirmed")}
    error=${isWrong ? t("predict.filter.minConfirmed.error") : undefined}
    input=${{ type: "text", inputMode: "decimal", value: text, onInput: (event) => take(event.target.value) }}
  />`;
}

/** The same on every page, but for the relations: what of them is known is seen in the rows only. */
function useColumns({ table }, results, hasMore) {
  return useMemo(() => {
    const hasNames = namesIn(table.columns).length > 0 && "star" in table.fields;
    const names = { star: "", name: hasNames ? null : "", ownLabel: "label" in table.fields ? "" : null };
    const first = resultColumns([names, ...results.map(({ relations }) => ({ ...names, relations }))]);
    return hasMore ? [...first, ...ownColumns(table.columns)] : first;
  }, [table, results, hasMore]);
}

function toggled(map, result) {
  const next = new Map(map);
  if (!next.delete(result.place)) next.set(result.place, result);
  return next;
}
