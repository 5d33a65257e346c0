// The filter of a table of results.

import { CLASSES } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { className } from "../ui/basics.js";

/**
 * @param {object} properties
 * @param {object} properties.filter as `filtered` takes it
 * @param {(patch: object) => void} properties.onChange
 * @param {object} properties.counts of all results
 * @param {any} [properties.children] further fields
 */
export function ResultFilter({ filter, onChange, counts, children }) {
  return html`
    <div class="result-filter" role="search" aria-label=${t("predict.filter")}>
      <div class="field">
        <label for="filter-words">${t("predict.filter.words")}</label>
        <input
          id="filter-words"
          type="search"
          value=${filter.words}
          onInput=${(event) => onChange({ words: event.target.value })}
        />
      </div>
      <div class="field">
        <label for="filter-label">${t("predict.column.label")}</label>
        <select
          id="filter-label"
          value=${filter.label}
          onChange=${(event) => onChange({ label: event.target.value })}
        >
          <option value="">${t("predict.filter.all")}</option>
          ${CLASSES.map(
            (name) =>
              html`<option key=${name} value=${name}>
                ${t("predict.filter.option", { label: className(name), count: counts.classes[name] ?? 0 })}
              </option>`,
          )}
        </select>
      </div>
      ${children}
      <${Check}
        isOn=${filter.isUncertainOnly}
        onChange=${(isUncertainOnly) => onChange({ isUncertainOnly })}
        text=${t("predict.filter.uncertain", { count: counts.uncertain })}
      />
      <${Check}
        isOn=${filter.isErrorOnly}
        onChange=${(isErrorOnly) => onChange({ isErrorOnly })}
        text=${t("predict.filter.errors", { count: counts.errors })}
      />
    </div>
  `;
}

/** A checkbox with its text. */
export function Check({ isOn, onChange, text }) {
  return html`<label class="check">
    <input type="checkbox" checked=${isOn} onChange=${(event) => onChange(event.target.checked)} /> ${text}
  </label>`;
}
