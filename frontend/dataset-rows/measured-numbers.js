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
          ({ name, value, unit }) => html`<div key=${name}>
            <dt>${t(`curves.number.${name}`)}</dt>
            <dd>
              ${value === null
                ? t("unknown")
                : html`${significant(value, 4)} <span class="unit">${UNITS[unit] ?? wordOf(unit)}</span>`}
            </dd>
          </div>`,
        )}
      </dl>
    </details>
  `;
}

function wordOf(unit) {
  return unit ? t(`curves.unit.${unit}`) : "";
}
