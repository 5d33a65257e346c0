// The choice of a dataset, with what is in it.

import { CLASSES } from "../../lib/columns.js";
import { html } from "../../lib/html.js";
import { t } from "../../lib/i18n.js";
import { classesIn, labelledRows, MIN_ROWS } from "./training-estimate.js";
import { ClassBar, className, Field } from "../../ui/basics.js";

/**
 * @param {object} properties
 * @param {object[]} properties.datasets
 * @param {object} properties.chosen
 * @param {number | null} properties.lost the one that was wanted, if it is not there
 * @param {string} [properties.help] what it is for; else what a session does with it
 * @param {string} [properties.error]
 * @param {(id: number) => void} properties.onChoose
 */
export function DatasetChoice({ datasets, chosen, lost, help, error, onChoose }) {
  const problem = problemOf(chosen);
  return html`
    <div class="stack">
      <${Field}
        id="dataset"
        label=${t("training.dataset")}
        help=${help ?? t("training.dataset.help")}
        error=${error}
      >
        ${(common) => html`<select ...${common} onChange=${(event) => onChoose(Number(event.target.value))}>
          ${datasets.map(
            (each) => html`<option key=${each.id} value=${each.id} selected=${each.id === chosen.id}>
              ${each.name} (${t("training.rows", { count: each.num_samples })})
            </option>`,
          )}
        </select>`}
      <//>
      ${lost !== null &&
      html`<p class="message warning">
        ${t("training.dataset.lost", { id: String(lost), name: chosen.name })}
      </p>`}
      <div class="row">
        <${ClassBar} counts=${chosen.class_counts} />
        ${CLASSES.map(
          (name, n) => html`<span key=${name} class="hint">
            <span class="swatch class-${n}" aria-hidden="true"></span> ${className(name)}${" "}
            ${t("training.countOf", { count: chosen.class_counts[name] ?? 0 })}
          </span>`,
        )}
      </div>
      ${problem && html`<p class="message warning">${problem}</p>`}
    </div>
  `;
}

function problemOf(dataset) {
  const rows = labelledRows(dataset);
  const present = classesIn(dataset);
  if (rows < MIN_ROWS) return t("training.dataset.fewRows", { count: rows, least: MIN_ROWS });
  if (present.length < 2) return t("training.dataset.oneClass", { name: className(present[0]) });
  return null;
}
