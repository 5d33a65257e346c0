// How many rows of each class: the bar, and the numbers below it for everybody.

import { CLASSES } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { number, percent } from "../lib/i18n.js";
import { ClassBar, className } from "../ui/basics.js";

/** @param {{counts: Object<string, number>}} properties the number of rows by class */
export function ClassCounts({ counts }) {
  const total = CLASSES.reduce((sum, name) => sum + (counts[name] ?? 0), 0);
  return html`
    <div class="class-counts">
      <div aria-hidden="true"><${ClassBar} counts=${counts} /></div>
      <ul class="plain">
        ${CLASSES.map(
          (name, n) => html`<li key=${name}>
            <span class="swatch class-${n}" aria-hidden="true"></span> ${className(name)} ${" "}
            <strong>${number(counts[name] ?? 0)}</strong>
            ${total > 0 && html` <span class="unit">${percent((counts[name] ?? 0) / total, 0)}</span>`}
          </li>`,
        )}
      </ul>
    </div>
  `;
}
