// Rows left out: the number for each reason and, on demand, the rows themselves.

import { get } from "../lib/api.js";
import { html, useEffect, useState } from "../lib/html.js";
import { number, t } from "../lib/i18n.js";
import { Failure } from "../ui/basics.js";
import { reasonText } from "../reading/left-out.js";
import { withoutColumn } from "../reading/server-sentences.js";

const SHOWN = 50;
const ASKED = 1_000;
// The server cannot filter by reason, so a rare one among many is searched for in steps.
const ASKED_AT_ONCE = 10;

/**
 * @param {object} properties
 * @param {number} properties.datasetId
 * @param {{total: number, by_reason: Object<string, number>}} properties.rejected as the profile has it
 */
export function RejectedRows({ datasetId, rejected }) {
  if (!rejected.total) return null;
  return html`
    <div class="rejected" data-test="rejected">
      ${Object.entries(rejected.by_reason).map(
        ([reason, count]) => html`<${Reason}
          key=${reason}
          datasetId=${datasetId}
          reason=${reason}
          count=${count}
        />`,
      )}
    </div>
  `;
}

function Reason({ datasetId, reason, count }) {
  const [isOpen, setOpen] = useState(false);
  return html`
    <details class="disclosure" open=${isOpen} onToggle=${(event) => setOpen(event.currentTarget.open)}>
      <summary>
        ${reasonText(reason, count)}
      </summary>
      ${isOpen && html`<${Rows} datasetId=${datasetId} reason=${reason} count=${count} />`}
    </details>
  `;
}

function Rows({ datasetId, reason, count }) {
  const { rows, seen, isEnd, isLoading, error, more } = useRejected(datasetId, reason, count);
  return html`
    ${rows.length > 0 &&
    html`<div class="table-scroll" tabindex="0" role="region" aria-label=${reasonText(reason, count)}>
      <table>
        <thead>
          <tr>
            <th scope="col" class="number">${t("datasets.line")}</th>
            <th scope="col">${t("datasets.column")}</th>
            <th scope="col">${t("datasets.message")}</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) => html`<tr key=${row.line}>
              <td class="number">${number(row.line)}</td>
              <td>${row.column ? html`<code>${row.column}</code>` : "–"}</td>
              <td lang="en">${withoutColumn(row)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`}
    <p class="hint" role="status">${isLoading ? t("loading") : progressText({ rows, seen, isEnd, count })}</p>
    ${!isEnd && !isLoading && !error && html`<button type="button" onClick=${more}>${t("more")}</button>`}
    ${error && html`<${Failure} error=${error} onRetry=${more} />`}
  `;
}

function progressText({ rows, seen, isEnd, count }) {
  if (rows.length === count) return "";
  if (isEnd) return t("datasets.rejected.notKept");
  if (!rows.length) return t("datasets.rejected.searched", { count: seen });
  return t("datasets.rejected.shown", { shown: rows.length, all: count });
}

/** `spare` were found and are not shown yet; `seen` of the list were looked at, all of it if `isDry`. */
const NOTHING = { rows: [], spare: [], seen: 0, isDry: false };

/** The rows of one reason, some at a time, from the list of all in the file's order. */
function useRejected(datasetId, reason, count) {
  const [state, setState] = useState({ ...NOTHING, isLoading: true, error: null });
  const isEnd = state.rows.length >= count || (state.isDry && !state.spare.length);
  const more = async () => {
    setState((last) => ({ ...last, isLoading: true, error: null }));
    try {
      const found = await collect(datasetId, reason, state);
      setState({ ...found, isLoading: false, error: null });
    } catch (error) {
      setState((last) => ({ ...last, isLoading: false, error }));
    }
  };
  useEffect(() => {
    more();
  }, []);
  return { ...state, isEnd, more };
}

async function collect(datasetId, reason, { rows, spare, seen, isDry }) {
  let found = spare;
  for (let asked = 0; asked < ASKED_AT_ONCE && found.length < SHOWN && !isDry; asked += 1) {
    const query = { offset: seen, limit: ASKED };
    const { rejected } = await get(`/api/training/dataset/${datasetId}/rejected`, query);
    found = [...found, ...rejected.filter((each) => each.reason === reason)];
    seen += rejected.length;
    isDry = rejected.length < ASKED;
  }
  return { rows: [...rows, ...found.slice(0, SHOWN)], spare: found.slice(SHOWN), seen, isDry };
}
