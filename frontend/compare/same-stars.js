// Whether the compared sessions were tested on the same stars.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";

/**
 * The sessions by the test rows that they were measured on.
 *
 * @param {object[]} compared
 * @returns {{groups: number[][], untested: number[], unknown: number[], areSame: boolean}} ids; `groups`
 *   have equal test rows, `unknown` an evaluation of an earlier version that lacks them
 */
export function groupByTestRows(compared) {
  const groups = new Map();
  const untested = [];
  const unknown = [];
  for (const { id, evaluation } of compared) {
    const rows = evaluation?.test_rows_sha256;
    if (!evaluation) untested.push(id);
    else if (!rows) unknown.push(id);
    else groups.set(rows, [...(groups.get(rows) ?? []), id]);
  }
  const tested = compared.length - untested.length;
  const areSame = tested > 1 && groups.size === 1 && unknown.length === 0;
  return { groups: [...groups.values()], untested, unknown, areSame };
}

/** @param {{compared: object[]}} properties sessions that were found */
export function SameStars({ compared }) {
  const { groups, untested, unknown, areSame } = groupByTestRows(compared);
  const tested = compared.length - untested.length;
  const list = (ids) => ids.map((id) => `#${id}`).join(", ");
  return html`
    <section class="stack" data-test="same-stars">
      ${areSame &&
      html`<p class="message good">
        ${t("training.stars.same", { rows: compared.find((each) => each.evaluation).evaluation.n_test })}
      </p>`}
      ${tested > 1 &&
      !areSame &&
      html`<div class="message warning">
        <p>
          <strong>${t(groups.length > 1 ? "training.stars.different" : "training.stars.unknown")}</strong>
        </p>
        <p>${t("training.stars.caution")}</p>
        ${compared.length > 2 &&
        html`<ul>
          ${groups.map((ids) => html`<li>${t("training.stars.group", { sessions: list(ids) })}</li>`)}
          ${unknown.length > 0 && html`<li>${t("training.stars.notKnown", { sessions: list(unknown) })}</li>`}
        </ul>`}
      </div>`}
      ${untested.length > 0 &&
      html`<p class="message">${t("training.stars.untested", { sessions: list(untested) })}</p>`}
    </section>
  `;
}
