// Cells that lists have in common: name, tags, note, figures, times.

import { patch } from "../lib/api.js";
import { html, useRef } from "../lib/html.js";
import { date, dateTime, t } from "../lib/i18n.js";
import { Editable, Star, Tags, tagsOf } from "./marks.js";

/** The name with its star, number and tags; the name is changed in place. */
export function NameCell({ row, name, href, mayEdit, onMark, children }) {
  const rename = (text) => onMark(row, { title: text.trim() || null });
  const mark = (is_starred) => onMark(row, { is_starred });
  return html`<span class="name-cell">
    <${Star} isOn=${row.is_starred} ...${{ name, mayEdit, onChange: mark }} />
    <${Editable} text=${name} label=${t("list.rename", { name })} mayEdit=${mayEdit} onSave=${rename}>
      <a class="cut" href=${href} title=${name}>${name}</a>
    <//>
    <span class="hint">${row.id}</span>
    ${children}
    <${Tags} tags=${row.tags} />
  </span>`;
}

export function TagsCell({ row, name, mayEdit, onMark }) {
  const save = (text) => onMark(row, { tags: tagsOf(text) });
  const label = t("list.tags", { name });
  return html`<${Editable} text=${(row.tags ?? []).join(", ")} ...${{ label, mayEdit, onSave: save }}>
    <${Tags} tags=${row.tags} />
  <//>`;
}

export function NoteCell({ row, name, mayEdit, onMark }) {
  const save = (note) => onMark(row, { note });
  const label = t("list.note", { name });
  return html`<${Editable} text=${row.note ?? ""} isLong ...${{ label, mayEdit, onSave: save }}>
    <span class="cut" title=${row.note}>${row.note}</span>
  <//>`;
}

/** A test figure and its 95% interval. */
export function figureCell({ figures }, key, write) {
  const interval = figures?.intervals?.[key];
  return html`${write(figures?.[key])}${interval &&
  html` <span class="interval">${t("list.interval", { low: write(interval[0]), high: write(interval[1]) })}</span>`}`;
}

export function whenCell(timestamp) {
  return timestamp ? html`<time datetime=${timestamp} title=${dateTime(timestamp)}>${date(timestamp)}</time>` : "–";
}

/**
 * A function that changes what people say of a row, and shows it at once.
 *
 * @param {object} list of `useListed`
 * @param {string} path of the API, before the id
 * @param {string} one the name of a row in the answer of its change
 * @param {string} many that of the rows in the list
 */
export function useMark(list, path, one, many) {
  const latest = useRef(list);
  latest.current = list;
  return async (row, marks) => {
    const { title, tags, note, is_starred } = (await patch(`${path}/${row.id}`, marks))[one];
    const marked = (each) => (each.id === row.id ? { ...each, title, tags, note, is_starred } : each);
    latest.current.change((data) => ({ ...data, [many]: data[many].map(marked) }));
  };
}
