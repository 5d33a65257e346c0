// The warnings of a dataset's report in the language of the page, made from the report's own numbers.

import { columnName, unitOf } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { has, percent, significant, t } from "../lib/i18n.js";
import { className } from "../ui/basics.js";
import { checkIn, classIn, columnIn, findingIn, unreadIn } from "./server-sentences.js";

// What concerns most rows or a whole column.
const URGENT = new Set([
  "most_rows_left_out",
  "unlikely_unit",
  "placeholder",
  "unknown_labels",
  "binary_labels",
  "similar_name",
  "epoch_without_reference",
  "lost_stars",
]);

/** The report with the warnings alone that concern most rows or a whole column. */
export function urgentIn(report) {
  return { ...report, warnings: report.warnings.filter(({ code }) => URGENT.has(code)) };
}

/** @param {{report: object}} properties a dataset's report */
export function ReportWarnings({ report }) {
  const { warnings } = report;
  if (!warnings.length) return html`<p class="message good">${t("datasets.report.nothing")}</p>`;
  return html`
    <ul class="plain stack" data-test="warnings">
      ${warnings.map((warning, n) => {
        const text = textOf(warning, report);
        return html`<li key=${n} class="message warning" lang=${text ? undefined : "en"}>
          ${text ?? warning.message}
        </li>`;
      })}
    </ul>
  `;
}

/** A check of values that hardly any star or planet has, as a name. */
export function checkName(check) {
  return has(`datasets.check.${check}`) ? t(`datasets.check.${check}`) : check;
}

/** What a check expects; the server's words for one that the page does not know. */
export function expectedBy({ check, expected }) {
  return has(`datasets.expected.${check}`) ? t(`datasets.expected.${check}`) : expected;
}

/** The text of a warning; null for one that is newer than this page. */
function textOf({ code, message }, report) {
  const values = VALUES[code]?.(report, message);
  return values && has(`datasets.warning.${code}`) ? t(`datasets.warning.${code}`, values) : null;
}

const MOST_WORDS = 20;

const VALUES = {
  most_rows_left_out: ({ left_out: { rows, of } }) => ({ rows, of }),
  unlikely_unit: unitValues,
  placeholder: placeholderValues,
  unknown_labels: ({ unknown_labels: words }) => ({
    words: Object.entries(words).slice(0, MOST_WORDS).map(([word, rows]) => `${word} (${rows})`).join(", "),
  }),
  binary_labels: () => ({}),
  similar_name: similarValues,
  epoch_without_reference: ({ unread_evidence: found }) => evidenceValues(found.find((each) => !each.has_reference)),
  unread_evidence: ({ unread_evidence: found }, message) => evidenceValues(unreadIn(message, found)),
  lost_stars: (report) => ({ rows: report.lost_stars }),
  contradictory_duplicates: ({ duplicates }) => ({ rows: duplicates.contradictory_rows }),
  contradictory_transits: (report) => ({ pairs: report.contradictory_transits.pairs }),
  duplicates: ({ duplicates }) => ({ rows: duplicates.rows }),
  missing_tells_the_label: missingValues,
  class_absent: classValues,
  class_scarce: classValues,
  class_small: classValues,
  unphysical: unphysicalValues,
};

// A warning names its column or class only in its message.

function missingValues({ missing_by_class: missing }, message) {
  const column = columnIn(message, Object.keys(missing));
  if (!column) return null;
  const shares = Object.entries(missing[column].shares);
  const written = shares.map(([label, share]) => `${className(label)} ${percent(share, 0)}`).join(", ");
  return { column: columnName(column), shares: written };
}

function unitValues({ units }, message) {
  const found = findingIn(message, units);
  return (
    found && {
      column: columnName(found.column),
      unit: unitOf(found.column),
      median: significant(found.median, 3),
      likely: t(`datasets.unit.${found.likely}`),
    }
  );
}

function placeholderValues({ placeholders }, message) {
  const found = findingIn(message, placeholders);
  return found && { ...found, column: columnName(found.column) };
}

function similarValues({ similar }, message) {
  const found = similar.find(({ name }) => message.startsWith(`${name} was not read`));
  return found && { ...found, column: columnName(found.column) };
}

function evidenceValues(found) {
  return found && { column: columnName(found.column), names: found.names.join(", "), rows: found.rows };
}

function classValues({ class_balance: balance }, message) {
  const label = classIn(message);
  if (!label || !balance[label]) return null;
  return { label: className(label), rows: balance[label].rows, share: percent(balance[label].share) };
}

function unphysicalValues({ unphysical }, message) {
  const name = checkIn(message, unphysical.map(({ check }) => check));
  const found = unphysical.find(({ check }) => check === name);
  return found && { check: checkName(found.check), rows: found.rows, expected: expectedBy(found) };
}
