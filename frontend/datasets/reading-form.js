// Asks how a file is to be read: columns, units and labels, and what becomes of them before it is uploaded.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { useLatest } from "../lib/latest.js";
import { Failure, Field } from "../ui/basics.js";
import {
  afterLook,
  chooseTable,
  clashes,
  isNothingSaid,
  NOTHING_CHOSEN,
  tablesIn,
  whatIsSaid,
} from "./reading-choices.js";
import { ReadingColumns } from "./reading-columns.js";
import { ReadingLabels } from "./reading-labels.js";
import { ReadingOutcome } from "./reading-outcome.js";
import { previewOf } from "./upload-form.js";
import { askHowToRead, changeReading, readAgain } from "./uploads.js";

// A file that takes longer than a moment to send is looked at again only when somebody asks.
const MOST_BYTES_AT_ONCE = 2_000_000;

/** @param {{upload: object, workspace: {id: number, key: string}}} properties an upload that has ended */
export function ReadingForm({ upload, workspace }) {
  const { id, file, reading = NOTHING_CHOSEN } = upload;
  const isAtOnce = file.size <= MOST_BYTES_AT_ONCE;
  const said = whatIsSaid(reading);
  const wanted = JSON.stringify(said);
  const [asked, setAsked] = useState(wanted);
  const isClear = clashes(reading).length === 0;
  const key = keyOf({ isAtOnce, isClear, wanted, asked });
  const look = useLatest((each) => previewOf(workspace, file, JSON.parse(each)), key);
  const tables = useTables(upload, look);
  const heading = useFocusAtStart();
  // An answer to choices that have changed since is of no use: its words may be another column's.
  const isCurrent = isClear && look.key === wanted && !look.error;
  useEffect(() => {
    if (isCurrent) changeReading(id, (last) => afterLook(last, look.data));
  }, [isCurrent, look.data]);
  return html`
    <section class="reading stack" aria-labelledby=${`reading-${id}`} data-test="reading">
      <div>
        <h3 id=${`reading-${id}`} tabindex="-1" ref=${heading}>${t("datasets.reading.title")}</h3>
        <p class="hint">${t("datasets.reading.lead")}</p>
      </div>
      ${tables.length > 0 &&
      html`<${TableChoice}
        id=${`reading-${id}-table`}
        tables=${tables}
        table=${reading.table}
        onChange=${(table) => changeReading(id, () => chooseTable(table))}
      />`}
      ${reading.guess &&
      html`
        <${ReadingColumns} id=${id} reading=${reading} similar=${look.data?.profile?.report?.similar} />
        <${ReadingLabels} id=${id} reading=${reading} />
      `}
      <div role="status" class="stack">
        ${look.isLoading && html`<p class="hint">${t("datasets.reading.looking")}</p>`}
        ${isCurrent && html`<${ReadingOutcome} answer=${look.data} workspace=${workspace} />`}
        ${!isClear && html`<p class="hint">${t("datasets.reading.clashes")}</p>`}
        ${isClear && !isAtOnce && wanted !== asked && html`<p class="hint">${t("datasets.reading.changed")}</p>`}
      </div>
      ${look.error && html`<${Failure} error=${look.error} onRetry=${look.reload} />`}
      <${Actions}
        upload=${upload}
        said=${said}
        isReady=${isCurrent && look.data.is_usable && look.data.existing_dataset_id === null}
        onLook=${isAtOnce ? null : () => setAsked(wanted)}
      />
    </section>
  `;
}

/** The tables of the file, as the server named them at any time; of a file with one table none. */
function useTables(upload, look) {
  const [tables, setTables] = useState(() => tablesIn(upload));
  const found = tablesIn(look);
  useEffect(() => {
    if (found.length > tables.length) setTables(found);
  }, [found.length]);
  return tables;
}

function TableChoice({ id, tables, table, onChange }) {
  return html`
    <div class="field">
      <label for=${id}>${t("datasets.reading.table")}</label>
      <select id=${id} value=${table} onChange=${(event) => onChange(event.target.value)}>
        <option value="">${t("datasets.reading.table.none")}</option>
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

function Actions({ upload, said, isReady, onLook }) {
  const { id, file, name, dataset, earlier } = upload;
  const [typed, setTyped] = useState(name || (dataset ?? earlier)?.name || file.name);
  const input = {
    value: typed,
    maxlength: 200,
    autocomplete: "off",
    onInput: (event) => setTyped(event.target.value),
  };
  return html`
    <${Field} id=${`reading-${id}-name`} label=${t("datasets.reading.name")} input=${input} />
    ${dataset &&
    !isNothingSaid(said) &&
    html`<p class="hint">${t("datasets.reading.staysFirst", { name: dataset.name })}</p>`}
    <div class="actions">
      ${onLook && html`<button type="button" onClick=${onLook}>${t("datasets.reading.look")}</button>`}
      <button type="button" class="primary" disabled=${!isReady} onClick=${() => readAgain(id, said, typed.trim())}>
        ${t("datasets.reading.upload")}
      </button>
      <button type="button" onClick=${() => askHowToRead(id, false)}>${t("cancel")}</button>
    </div>
  `;
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
