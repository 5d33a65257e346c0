// Which row of a dataset is chosen, and the page of rows around it.

import { get } from "../lib/api.js";
import { CLASSES } from "../lib/columns.js";
import { useRef, useState } from "../lib/html.js";
import { useLatest } from "../lib/latest.js";
import { findPosition } from "./search-rows.js";
import { useRowInAddress } from "./row-address.js";

export const PAGE_ROWS = 50;

/**
 * The rows of a dataset around the one that the address names.
 *
 * @param {object} dataset
 * @param {string} page the address of the dataset's page
 * @param {{label?: string, row?: string, line?: string}} query
 * @param {number} changes of the labels: with each, the rows are read again
 * @returns {object} `total` of the rows of the class, or of all; `position`: of the chosen row among them,
 *   from 0, null while it is looked for; `chosen`: that row, the last one until its page is there; `rows`
 *   and `offset`: the page that is shown, `isStale` while it is one of another class; `missedLine`: a line
 *   that was asked for and is not there; `moveTo`, `moveToLine`, `reload`
 */
export function useRows(dataset, page, query, changes) {
  const label = CLASSES.includes(query.label) ? query.label : null;
  const total = label ? (dataset.class_counts[label] ?? 0) : dataset.num_samples;
  const [position, missedLine, moves] = usePosition(dataset, label, total);
  const loaded = useLatest(
    (key) => loadPage(dataset.id, key),
    position === null || total === 0 ? null : keyOf(label, Math.floor(position / PAGE_ROWS), changes),
  );
  const { rows, offset, label: shownLabel } = loaded.data ?? { rows: [], offset: 0, label };
  const isStale = shownLabel !== label;
  const found = isStale || position === null ? null : (rows[position - offset] ?? null);
  const last = useRef(null);
  last.current = found ?? last.current;
  useRowInAddress({ page, query, label, found, ...moves });
  return {
    label,
    total,
    position,
    chosen: last.current,
    missedLine,
    rows,
    offset,
    isStale,
    isLoading: loaded.isLoading || position === null,
    error: loaded.error,
    reload: loaded.reload,
    ...moves,
  };
}

/** The position in the list of a class, and the ways to change it; the last change asked for counts. */
function usePosition(dataset, label, total) {
  const [place, setPlace] = useState({ label, position: null, missedLine: null });
  const asked = useRef(0);
  const rowsAt = (offset, limit) => ask(dataset.id, label, offset, limit);
  const moveTo = (wanted, missed = null) => {
    asked.current += 1;
    setPlace({ label, position: clamp(wanted, total), missedLine: missed });
  };
  const search = async (field, wanted) => {
    asked.current += 1;
    const mine = asked.current;
    const found = clamp(await findPosition(rowsAt, total, field, wanted, total / dataset.num_samples), total);
    const [row] = await rowsAt(found, 1);
    if (asked.current === mine) moveTo(found, field === "line" && row.line !== wanted ? wanted : null);
  };
  const moves = {
    moveTo,
    moveToLine: (line) => search("line", line),
    moveToRow: async (row) => (label ? search("row", row) : moveTo(row)),
  };
  return place.label === label ? [place.position, place.missedLine, moves] : [null, null, moves];
}

function keyOf(label, pageNumber, changes) {
  return JSON.stringify([pageNumber, label, changes]);
}

async function loadPage(id, key) {
  const [pageNumber, label] = JSON.parse(key);
  const offset = pageNumber * PAGE_ROWS;
  return { label, offset, rows: await ask(id, label, offset, PAGE_ROWS) };
}

async function ask(id, label, offset, limit) {
  return (await get(`/api/training/dataset/${id}/rows`, { offset, limit, label, relations: false })).rows;
}

function clamp(position, total) {
  return Math.max(0, Math.min(position, total - 1));
}
