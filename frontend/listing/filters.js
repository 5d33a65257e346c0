// The filters of a list: a form that adds one, and chips that remove them.

import { html, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { filterParts } from "./view.js";

const SIGNS = { number: [">=", "<=", ">", "<", ":"], date: [">=", "<="], text: [":"], choice: [":"] };

const WRITTEN = { ":": "=", ">=": "≥", "<=": "≤", ">": ">", "<": "<" };

/**
 * @param {object} properties
 * @param {Array<{key: string, title: string, kind: "number" | "date" | "text" | "choice",
 *   options?: Array<[string, string]>}>} properties.fields
 * @param {(filter: string) => void} properties.onAdd
 */
export function FilterForm({ fields, onAdd }) {
  const [name, setName] = useState(fields[0].key);
  const [sign, setSign] = useState(":");
  const [value, setValue] = useState("");
  const field = fields.find((each) => each.key === name);
  const signs = SIGNS[field.kind];
  const used = signs.includes(sign) ? sign : signs[0];
  const typed = field.kind === "number" ? value.trim().replace(",", ".") : value.trim();
  const given = field.kind === "choice" ? value || field.options[0]?.[0] : typed;
  const add = (event) => {
    event.preventDefault();
    if (given) onAdd(`${name}${used}${given}`);
  };
  const take = (set) => (event) => set(event.target.value);
  return html`
    <form class="filter-form" onSubmit=${add}>
      <select
        aria-label=${t("list.filter.column")}
        value=${name}
        onChange=${(event) => {
          setName(event.target.value);
          setValue("");
        }}
      >
        ${fields.map((each) => html`<option key=${each.key} value=${each.key}>${each.title}</option>`)}
      </select>
      <select aria-label=${t("list.filter.sign")} value=${used} onChange=${take(setSign)}>
        ${signs.map((each) => html`<option key=${each} value=${each}>${WRITTEN[each]}</option>`)}
      </select>
      ${field.kind === "choice"
        ? html`<select aria-label=${t("list.filter.value")} value=${given} onChange=${take(setValue)}>
            ${field.options.map(([key, text]) => html`<option key=${key} value=${key}>${text}</option>`)}
          </select>`
        : html`<input
            aria-label=${t("list.filter.value")}
            required
            type=${field.kind === "date" ? "date" : "text"}
            inputmode=${field.kind === "number" ? "decimal" : undefined}
            maxlength="200"
            value=${value}
            onInput=${take(setValue)}
          />`}
      <button class="primary">${t("list.filter.add")}</button>
    </form>
  `;
}

/** The filters that hold, each a button that removes it. */
export function FilterChips({ fields, filters, onRemove, onClear }) {
  if (filters.length === 0) return null;
  return html`
    <ul class="plain chips" aria-label=${t("list.filters")}>
      ${filters.map((each) => {
        const text = filterText(fields, each);
        return html`<li key=${each}>
          <button
            type="button"
            class="chip"
            aria-label=${t("list.filter.remove", { filter: text })}
            onClick=${() => onRemove(each)}
          >
            ${text} <span aria-hidden="true">✕</span>
          </button>
        </li>`;
      })}
      <li><button type="button" class="quiet" onClick=${onClear}>${t("list.filter.clear")}</button></li>
    </ul>
  `;
}

function filterText(fields, filter) {
  const { name, sign, value } = filterParts(filter);
  const field = fields.find((each) => each.key === name);
  const words = Object.fromEntries(field?.options ?? []);
  const shown = value.split(",").map((each) => words[each] ?? each).join(", ");
  return `${field?.title ?? name} ${WRITTEN[sign]} ${shown}`;
}
