// What is to be known of a model before its figures: no better than guessing, trained on simulated data,
// asked about rows unlike those that it learnt from.

import { columnName } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { fixed, percent, t } from "../lib/i18n.js";
import { StatusBadge } from "./basics.js";

/** Whether a model is known to be no better than guessing: those of earlier releases have no verdict. */
export function isNoBetter({ verdict }) {
  return verdict?.beats_guessing === false;
}

/** The state of a session; amber where it completed with a model that is no better than guessing. */
export function SessionBadge({ session }) {
  if (session.status !== "completed" || !isNoBetter(session)) return html`<${StatusBadge} status=${session.status} />`;
  return html`<${Warning}>${t(`status.${session.status}`)}: ${t("verdict.short")}<//>`;
}

/** Badges of a model; nothing where there is nothing to be known. */
export function ModelBadges({ model }) {
  return html`
    ${isNoBetter(model) && html`<${Warning}>${t("verdict.badge")}<//>`}
    ${model.simulated && html`<${Warning}>${t("verdict.simulatedBadge")}<//>`}
  `;
}

function Warning({ children }) {
  return html`<span class="badge warning"><span aria-hidden="true">!</span> ${children}</span>`;
}

/** The verdict in a sentence with its figures; nothing where the model beats guessing. */
export function VerdictNote({ of }) {
  if (!isNoBetter(of)) return null;
  const { part, rows, log_loss: found, guessing_log_loss: guessing } = of.verdict;
  const text = t(`verdict.note.${part}`, {
    count: rows,
    found: found === null ? t("verdict.notFinite") : fixed(found, 3),
    guessing: fixed(guessing, 3),
  });
  return html`<p class="message warning" data-test="verdict-note">${text}</p>`;
}

/** That predictions come from a model of simulated data; nothing where they do not. */
export function SimulatedNote({ simulated, name }) {
  if (!simulated) return null;
  return html`<p class="message warning" data-test="simulated-note">
    ${name ? t("verdict.simulated", { name }) : t("verdict.simulatedUnnamed")}
  </p>`;
}

/**
 * In what rows are unlike those that the model learnt from, and what that means; nothing where they are not.
 *
 * @param {object} properties
 * @param {object[]} [properties.found] as the API gives them; answers of earlier releases have none
 * @param {boolean} [properties.isTable] of all rows of a table, not of one candidate
 */
export function UnlikeTrainingNote({ found, isTable = false }) {
  if (!found?.length) return null;
  // What a model can do without relations may have been measured; of the other differences nothing was.
  const isUnmeasured = found.some(isNotOfRelations);
  const measured = measuredAboveThreshold(found);
  return html`<div class="message ${isUnmeasured ? "warning" : ""}" data-test="unlike-training">
    ${found.map((each) => html`<p key=${each.code}><strong>${differenceText(each, isTable)}</strong></p>`)}
    ${measured && html`<p>${t("verdict.unlike.relationsThreshold", measured)}</p>`}
    ${isUnmeasured && html`<p>${t("verdict.unlike.meaning")}</p>`}
  </div>`;
}

/**
 * What the model's threshold is worth for rows whose relations are unknown: on the test stars, with relations hidden.
 *
 * @param {object[]} found as the API gives them
 * @returns {{precision: string, coverage: string} | null} null if it was not measured, or if the rows are unlike the
 *   test stars in more than that
 */
export function measuredAboveThreshold(found) {
  if (found.some(isNotOfRelations)) return null;
  const { precision, coverage } = found[0] ?? {};
  if (typeof precision !== "number" || typeof coverage !== "number") return null;
  return { precision: percent(precision), coverage: percent(coverage) };
}

function isNotOfRelations({ code }) {
  return code !== "no_relations";
}

function differenceText(difference, isTable) {
  const { code, trained_on: trainedOn, source, columns } = difference;
  if (code === "no_relations") return withoutRelations(difference, isTable);
  if (code === "another_survey") {
    const names = { trained: t(`verdict.survey.${trainedOn}`), here: t(`verdict.survey.${source}`) };
    return t("verdict.unlike.survey", names);
  }
  const names = columns.map(columnName).join(", ");
  return t(isTable ? "verdict.unlike.missingInAll" : "verdict.unlike.missing", { columns: names });
}

function withoutRelations({ accuracy, accuracy_with: accuracyWith }, isTable) {
  const known = t(isTable ? "verdict.unlike.relationsOfAll" : "verdict.unlike.relations");
  if (typeof accuracy !== "number" || typeof accuracyWith !== "number") return known;
  const values = { without: percent(accuracy), with: percent(accuracyWith) };
  return `${known} ${t("verdict.unlike.relationsMeasured", values)}`;
}
