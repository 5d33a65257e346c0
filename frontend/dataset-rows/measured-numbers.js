// The numbers that a measured light curve gives: units, what they mean, and what is usual of planets and others.

import { html } from "../lib/html.js";
import { significant, t } from "../lib/i18n.js";
import { placeOf } from "./usual.js";

const UNITS = { ppm: "ppm", sigma: "σ" };

const KINDS = ["planets", "false_positives"];

/**
 * @param {object} properties
 * @param {{name: string, value: number | null, unit: string}[]} properties.numbers
 * @param {object | null} [properties.usual] for each kind `rows` and `numbers`, as the API gives them
 * @param {"dataset" | "model"} properties.whose rows the usual is of
 * @param {boolean} [properties.isOpen]
 * @param {any} [properties.children] above the table, such as why nothing is said to be usual
 */
export function MeasuredNumbers({ numbers, usual = null, whose, isOpen = false, children }) {
  return html`
    <details class="disclosure" open=${isOpen} data-test="measured-numbers">
      <summary>${t("curves.row.numbers")}</summary>
      <div class="stack tight measured-box">
        ${children} ${usual && html`<p class="hint" data-test="usual-lead">${leadOf(usual, whose)}</p>`}
        ${usual ? html`<${WithUsual} ...${{ numbers, usual }} />` : html`<${Alone} numbers=${numbers} />`}
      </div>
    </details>
  `;
}

function leadOf(usual, whose) {
  const [planets, others] = KINDS.map((kind) => t(`curves.usual.${kind}`, { count: usual[kind].rows }));
  return t(`curves.usual.lead.${whose}`, { planets, others });
}

function Alone({ numbers }) {
  return html`
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
            <th scope="row"><${Named} name=${each.name} /></th>
            <td class="number"><${Value} ...${each} /></td>
          </tr>`,
        )}
      </tbody>
    </table>
  `;
}

/** Rows become blocks where it is narrow: the roles keep it a table for screen readers. */
function WithUsual({ numbers, usual }) {
  return html`
    <table class="measured with-usual" role="table">
      <thead role="rowgroup">
        <tr role="row">
          <th scope="col" role="columnheader">${t("curves.number")}</th>
          <th scope="col" role="columnheader">${t("curves.number.value")}</th>
          ${KINDS.map(
            (kind) => html`<th key=${kind} scope="col" role="columnheader">${t(`curves.usual.of.${kind}`)}</th>`,
          )}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${numbers.map(
          (each) => html`<tr key=${each.name} role="row" data-number=${each.name}>
            <th scope="row" role="rowheader"><${Named} name=${each.name} /></th>
            <td role="cell">
              <${Value} ...${each} />
              <${Outside} place=${placeOf(each.value, usual.planets.numbers[each.name])} />
            </td>
            ${KINDS.map(
              (kind) => html`<td key=${kind} role="cell" data-kind=${kind}>
                <${Usual} quantiles=${usual[kind].numbers[each.name]} />
              </td>`,
            )}
          </tr>`,
        )}
      </tbody>
    </table>
  `;
}

function Named({ name }) {
  return html`${t(`curves.number.${name}`)} <span class="meaning">${t(`curves.meaning.${name}`)}</span>`;
}

function Outside({ place }) {
  if (place === null) return null;
  return html` <span class="outside" data-place=${place}>
    <span aria-hidden="true">${place === "above" ? "▲" : "▼"}</span> ${t(`curves.usual.${place}`)}
  </span>`;
}

function Usual({ quantiles }) {
  if (!quantiles) return html`<span class="meaning">${t("curves.usual.tooFew")}</span>`;
  const { p10, median, p90 } = quantiles;
  const range = { low: significant(p10, 3), high: significant(p90, 3) };
  return html`${significant(median, 3)} <span class="meaning">${t("curves.usual.range", range)}</span>`;
}

function Value({ value, unit }) {
  if (value === null) return t("unknown");
  return html`${significant(value, 4)} <span class="unit">${UNITS[unit] ?? wordOf(unit)}</span>`;
}

function wordOf(unit) {
  return unit ? t(`curves.unit.${unit}`) : "";
}
