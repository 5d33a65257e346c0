// The line above a list: search, filters, group, columns, table or cards, CSV.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { ActionButton } from "../ui/basics.js";
import { FilterForm } from "./filters.js";
import { Menu } from "./menu.js";

const PAUSE = 300; // milliseconds without a key before the server is asked

/**
 * @param {object} properties
 * @param {object} properties.view of `viewOf`
 * @param {(patch: object, options?: object) => void} properties.onChange
 * @param {object[]} properties.fields of `FilterForm`
 * @param {Array<{key: string, title: string}>} properties.columns that can be shown
 * @param {Array<[string, string]>} properties.groups that can be grouped by, with their titles
 * @param {boolean} properties.isNarrow there is room for cards alone
 * @param {() => Promise<void>} [properties.onCsv]
 */
export function Toolbar({ view, onChange, fields, columns, groups, isNarrow, onCsv }) {
  const add = (filter) => onChange({ filters: [...new Set([...view.filters, filter])] });
  const shown = (isCards) => html`<button
    type="button"
    aria-pressed=${view.isCards === isCards}
    onClick=${() => onChange({ isCards }, { staysOnPage: true })}
  >
    ${t(isCards ? "list.cards" : "list.table")}
  </button>`;
  return html`
    <div class="list-toolbar">
      <${Search} words=${view.q} onSearch=${(q) => onChange({ q }, { replace: true })} />
      <${Menu} text=${t("list.filter")}>${() => html`<${FilterForm} fields=${fields} onAdd=${add} />`}<//>
      <select
        class="group-choice"
        aria-label=${t("list.group")}
        value=${view.group}
        onChange=${(event) => onChange({ group: event.target.value })}
      >
        <option value="">${t("list.group.none")}</option>
        ${groups.map(([key, title]) => html`<option key=${key} value=${key}>${t("list.group.by", { title })}</option>`)}
      </select>
      ${!isNarrow &&
      !view.isCards &&
      html`<${Menu} text=${t("list.columns")}>
        ${() => html`<${ColumnChoice} columns=${columns} chosen=${view.columns} onChange=${onChange} />`}
      <//>`}
      ${!isNarrow &&
      html`<div class="segmented" role="group" aria-label=${t("list.view")}>${shown(false)}${shown(true)}</div>`}
      ${onCsv && html`<${ActionButton} title=${t("list.csv.help")} onAct=${onCsv}>CSV<//>`}
    </div>
  `;
}

function Search({ words, onSearch }) {
  const [text, setText] = useState(words);
  const asked = useRef(words);
  useEffect(() => {
    if (words !== asked.current) setText(words); // the address has changed
    asked.current = words;
  }, [words]);
  useEffect(() => {
    if (text === asked.current) return undefined;
    const timer = setTimeout(() => {
      asked.current = text;
      onSearch(text);
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<input
    type="search"
    class="list-search"
    aria-label=${t("list.search")}
    placeholder=${t("list.search")}
    title=${t("list.search.help")}
    maxlength="200"
    value=${text}
    onInput=${(event) => setText(event.target.value)}
  />`;
}

function ColumnChoice({ columns, chosen, onChange }) {
  const toggle = (key) => {
    const next = columns.map((each) => each.key).filter((each) => chosen.includes(each) !== (each === key));
    if (next.length > 0) onChange({ columns: next }, { replace: true, staysOnPage: true });
  };
  return html`<div class="column-choice">
    ${columns.map(
      ({ key, title }) => html`<label class="check" key=${key}>
        <input type="checkbox" checked=${chosen.includes(key)} onChange=${() => toggle(key)} /> ${title}
      </label>`,
    )}
  </div>`;
}
