// Whether the compared sessions were tested on the same stars.

import { html } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { formHref } from "../training/session/session-settings.js";

/** What chooses the test rows of a session. */
const CHOOSES = ["dataset_sha256", "seed", "test_split", "validation_split", "grouping", "folds", "fold"];

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

/** Why sessions were tested on different rows: what they differ in, of `CHOOSES`. */
export function reasonsOf(compared) {
  const tested = compared.filter((each) => each.evaluation);
  const values = (name) => new Set(tested.map(({ session }) => JSON.stringify(session.spec[name] ?? null)));
  return CHOOSES.filter((name) => values(name).size > 1);
}

/**
 * The session to train again on the test stars of the first one: the next that has others.
 *
 * @returns {{session: object, first: object, changes: object} | null} null: nothing says how
 */
export function againOn(compared) {
  const [first, ...others] = compared.filter((each) => each.evaluation?.test_rows_sha256);
  const other = others.find((each) => each.evaluation.test_rows_sha256 !== first.evaluation.test_rows_sha256);
  const isOfFold = ({ spec }) => spec.fold != null;
  if (!other || first.session.dataset_id === null || isOfFold(first.session) || isOfFold(other.session)) return null;
  const { seed, test_split, validation_split } = first.session.spec;
  const changes = { dataset: first.session.dataset_id, seed, test_split, validation_split };
  return { session: other.session, first: first.session, changes };
}

/** @param {{workspace: object, compared: object[]}} properties sessions that were found */
export function SameStars({ workspace, compared }) {
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
        <div class="row between">
          <p>
            <strong>${t(groups.length > 1 ? "training.stars.different" : "training.stars.unknown")}</strong>${" "}
            ${groups.length > 1 && whyText(compared)} ${t("training.stars.caution")}
          </p>
          <${Again} workspace=${workspace} found=${againOn(compared)} />
        </div>
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

function whyText(compared) {
  const names = reasonsOf(compared).map((name) => t(`training.stars.reason.${name}`));
  return names.length > 0 ? t("training.stars.why", { names: names.join(", ") }) : "";
}

/** The main action where the test stars differ: the same settings on those of the first session. */
function Again({ workspace, found }) {
  if (!workspace.mayEdit || !found) return null;
  const { session, first, changes } = found;
  return html`<a class="button primary" href=${formHref(workspace, session, changes)}>
    ${t("training.stars.again", { id: String(session.id), first: String(first.id) })}
  </a>`;
}
