// How a row relates to others: candidates on its star, ephemerides shared with other stars.

import { withQuery } from "../lib/api.js";
import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { LookCloser } from "../ui/basics.js";
import { relationSentences } from "./relation-sentences.js";

/**
 * @param {object} properties
 * @param {object | null} [properties.relations] as the API gives them; without them, as of an earlier release,
 *   nothing is shown
 * @param {boolean} [properties.isTableRow] of a row of a table, not of one candidate
 * @param {string | null} [properties.table] the address of the dataset that the row is of
 * @param {string | null} [properties.trainedOn] the address of the model's dataset, if it is still there
 */
export function Relations({ relations, isTableRow = false, table = null, trainedOn = null }) {
  if (relations === undefined) return null;
  const sentences = relationSentences(relations);
  const addressOf = (other) => (other.in_training_table ? trainedOn : table);
  return html`
    <div class="stack tight" data-test="relations">
      <h3>${t("relations.title")}</h3>
      ${sentences.length === 0
        ? html`<p class="hint">${t(isTableRow ? "relations.unknown" : "relations.single")}</p>`
        : html`<ul class="relations plain">
              ${sentences.map(
                ({ parts, isNoticed }) => html`<li key=${parts[0]} class=${isNoticed ? "noticed" : ""}>
                  ${isNoticed && html`<${LookCloser} />${" "}`}${parts.map((part) =>
                    typeof part === "string" ? part : html`<${Name} other=${part} address=${addressOf(part)} />`,
                  )}
                </li>`,
              )}
            </ul>
            <p class="hint">${t("relations.meaning")}</p>`}
    </div>
  `;
}

/** The name of another row, a link where that row can be shown. */
function Name({ other: { name: known, line, row }, address }) {
  const name = known || t("relations.line", { line: String(line) });
  const hasRow = address !== null && row !== null && row !== undefined;
  return hasRow ? html`<a href=${`#${withQuery(address, { tab: "rows", row: String(row) })}`}>${name}</a>` : name;
}
