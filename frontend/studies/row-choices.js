// Above a list of a study's rows: in which order, with which label, and the same as a file.

import { download } from "../lib/api.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { ActionButton, className } from "../ui/basics.js";

/**
 * @param {object} properties
 * @param {string} properties.of what the list is of: begins the ids of its controls
 * @param {{value: string, text: string}[]} properties.sorts
 * @param {string[]} properties.labels that rows can be chosen by
 * @param {{sort: string, label: string}} properties.view
 * @param {(patch: object) => void} properties.change
 * @param {string} properties.file its address
 * @param {string} properties.fileName
 */
export function RowChoices({ of, sorts, labels, view, change, file, fileName }) {
  return html`
    <div class="actions study-choices">
      <label class="row" for=${`${of}-sort`}>
        ${t("studies.sort")}
        <select id=${`${of}-sort`} value=${view.sort} onChange=${({ target }) => change({ sort: target.value })}>
          ${sorts.map(({ value, text }) => html`<option key=${value} value=${value}>${text}</option>`)}
        </select>
      </label>
      <label class="row" for=${`${of}-label`}>
        ${t("studies.label")}
        <select id=${`${of}-label`} value=${view.label} onChange=${({ target }) => change({ label: target.value })}>
          <option value="">${t("all")}</option>
          ${labels.map((each) => html`<option key=${each} value=${each}>${className(each)}</option>`)}
        </select>
      </label>
      <${ActionButton} data-test=${`${of}-csv`} onAct=${() => download(file, fileName)}>${t("studies.csv")}<//>
    </div>
  `;
}
