// Why rows of a file are left out, in words.

import { html } from "../lib/html.js";
import { has, number, t } from "../lib/i18n.js";

/** How many rows were left out for a reason. */
export function reasonText(reason, count) {
  const key = `datasets.reason.${reason}`;
  return has(`${key}.other`) ? t(key, { count }) : `${number(count)}: ${reason}`;
}

/** @param {{reasons: Object<string, number>}} properties how many rows, by reason */
export function LeftOut({ reasons }) {
  const listed = Object.entries(reasons);
  if (!listed.length) return null;
  return html`<ul>
    ${listed.map(([reason, count]) => html`<li key=${reason}>${reasonText(reason, count)}</li>`)}
  </ul>`;
}
