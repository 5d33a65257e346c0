// Asks how a file is to be read: columns, units and labels, and shows what would come of it.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { useLatest } from "../lib/latest.js";
import { Failure } from "../ui/basics.js";
import { afterLook, chooseTable, clashes, NOTHING_CHOSEN, tablesIn, whatIsSaid } from "./choices.js";
import { ReadingColumns } from "./columns.js";
import { ReadingLabels } from "./labels.js";

// A file that takes longer than a moment to send is looked at again only when somebody asks.
const MOST_BYTES_AT_ONCE = 2_000_000;

/**
 * @param {object} properties
 * @param {string} properties.id begins the ids of its fields
 * @param {"dataset" | "batch"} properties.kind what the table is read for
 * @param {File} properties.file
 * @param {Error} [properties.error] why the file was refused; it may name the file's tables
 * @param {object} [properties.reading] what was chosen so far
 * @param {(next: (last: object) => object) => void} properties.onChange makes the new choices from the last ones
 * @param {(said: object) => Promise<object>} properties.preview asks the server what would come of the file
 * @param {(answer: object) => any} properties.outcome shows what it answered
 * @param {(state: {said: object, answer: object | null, look: any}) => any} properties.actions the end of the
 *   form: `answer` is of these very choices, and `look` is the button that asks for it, where it is needed
 */
export function ReadingForm({ id, kind, file, error, reading = NOTHING_CHOSEN, onChange, preview, outcome, actions }) {
  const isAtOnce = file.size <= MOST_BYTES_AT_ONCE;
  const said = whatIsSaid(reading);
  const wanted = JSON.stringify(said);
  const [asked, setAsked] = useState(wanted);
  const isClear = clashes(reading).length === 0;
  const key = keyOf({ isAtOnce, isClear, wanted, asked });
  const look = useLatest((each) => preview(JSON.parse(each)), key);
  const tables = useTables(error, look);
  const heading = useFocusAtStart();
  // An answer to choices that have changed since is of no use: its words may be another column's.
  const isCurrent = isClear && look.key === wanted && !look.error;
  const form = { id, kind, reading, onChange };
  useEffect(() => {
    if (isCurrent) onChange((last) => afterLook(last, look.data));
  }, [isCurrent, look.data]);
  return html`
    <section class="reading stack" aria-labelledby=${`${id}-title`} data-test="reading">
      <div>
        <h3 id=${`${id}-title`} tabindex="-1" ref=${heading}>${t("reading.title")}</h3>
        <p class="hint">${t(`reading.lead.${kind}`)}</p>
      </div>
      ${tables.length > 0 &&
      html`<${TableChoice}
        id=${`${id}-table`}
        tables=${tables}
        table=${reading.table}
        onChange=${(table) => onChange(() => chooseTable(table))}
      />`}
      ${reading.guess &&
      html`
        <${ReadingColumns} ...${form} similar=${look.data?.profile?.report?.similar} />
        <${ReadingLabels} ...${form} />
      `}
      <div role="status" class="stack">
        ${look.isLoading && html`<p class="hint">${t("reading.looking")}</p>`}
        ${isCurrent && outcome(look.data)}
        ${!isClear && html`<p class="hint">${t("reading.clashes")}</p>`}
        ${isClear && !isAtOnce && wanted !== asked && html`<p class="hint">${t("reading.changed")}</p>`}
      </div>
      ${look.error && html`<${Failure} error=${look.error} onRetry=${look.reload} />`}
      ${actions({
        said,
        answer: isCurrent ? look.data : null,
        look: !isAtOnce && html`<button type="button" onClick=${() => setAsked(wanted)}>${t("reading.look")}</button>`,
      })}
    </section>
  `;
}

/** The tables of the file, as the server named them at any time; of a file with one table none. */
function useTables(error, look) {
  const [tables, setTables] = useState(() => tablesIn({ error }));
  const found = tablesIn(look);
  useEffect(() => {
    if (found.length > tables.length) setTables(found);
  }, [found.length]);
  return tables;
}

function TableChoice({ id, tables, table, onChange }) {
  return html`
    <div class="field">
      <label for=${id}>${t("reading.table")}</label>
      <select id=${id} value=${table} onChange=${(event) => onChange(event.target.value)}>
        <option value="">${t("reading.table.none")}</option>
        ${tables.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
      </select>
    </div>
  `;
}

/** What is looked at: never choices that contradict each other, and those of a large file when asked. */
function keyOf({ isAtOnce, isClear, wanted, asked }) {
  if (!isAtOnce) return asked;
  return isClear ? wanted : null;
}

/** The form takes the focus, unless it opened by itself while somebody is typing elsewhere. */
function useFocusAtStart() {
  const heading = useRef(null);
  useEffect(() => {
    const { activeElement } = document;
    const isTyping = activeElement?.matches("input:not([type=file]), textarea, select");
    if (!isTyping) heading.current.focus();
  }, []);
  return heading;
}

/** The form takes its buttons with it: the focus moves to what it was about, whose `ref` this is. */
export function useFocusAfterForm(isReading) {
  const target = useRef(null);
  const wasReading = useRef(false);
  useEffect(() => {
    if (wasReading.current && !isReading && document.activeElement === document.body) target.current?.focus();
    wasReading.current = isReading;
  }, [isReading]);
  return target;
}
