// The numbers that a measured light curve gives, each with its unit and what it means.

import { html } from "../lib/html.js";
import { significant, t } from "../lib/i18n.js";

const UNITS = { ppm: "ppm", sigma: "σ" };

/** @param {{numbers: {name: string, value: number | null, unit: string}[]}} properties */
export function MeasuredNumbers({ numbers }) {
  return html`
    <details class="disclosure" data-test="measured-numbers">
      <summary>${t("curves.row.numbers")}</summary>
      <dl class="parameters">
        ${numbers.map(
          (each) => html`<div key=${each.name}>
            <dt>${t(`curves.number.${each.name}`)}</dt>
            <dd><${Value} ...${each} /></dd>
          </div>`,
        )}
      </dl>
    </details>
  `;
}

/** The same as a table, with what each means. */
export function MeasuredTable({ numbers }) {
  return html`
    <details class="disclosure" open data-test="measured-table">
      <summary>${t("curves.row.numbers")}</summary>
      <table class="measured">
        <thead class="visually-hidden">
          <tr>
            <th scope="col">${t("curves.number")}</th>
            <th scope="col">${t("curves.number.value")}</th>
          </tr>
        </thead>
        <tbody>
          ${numbers.map(
            (each) => html`<tr key=${each.name} data-number=${each.name}>
              <th scope="row">
                ${t(`curves.number.${each.name}`)}
                <span class="meaning">${t(`curves.meaning.${each.name}`)}</span>
              </th>
              <td class="number"><${Value} ...${each} /></td>
            </tr>`,
          )}
        </tbody>
      </table>
    </details>
  `;
}

function Value({ value, unit }) {
  if (value === null) return t("unknown");
  return html`${significant(value, 4)} <span class="unit">${UNITS[unit] ?? wordOf(unit)}</span>`;
}

function wordOf(unit) {
  return unit ? t(`curves.unit.${unit}`) : "";
}
