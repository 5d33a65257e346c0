// How a dataset's file was read: its format in words, and what somebody said of it.

import { CLASSES, columnName } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { has, t } from "../lib/i18n.js";
import { className } from "../ui/basics.js";
import { MAPPED } from "../reading/choices.js";

/** Columns that only teach; somebody may say that they are not read. */
const TEACHING = ["weight", "kind"];

/** The format of a dataset's table as a sentence. */
export function formText({ profile, source }) {
  return t(`datasets.form.${profile.form ?? source}`);
}

/** Whether somebody said how the file is to be read. */
export function isReadAsSaid({ read_as: said }) {
  return Object.values(said ?? {}).some((values) => Object.keys(values ?? "").length > 0);
}

/** @param {{dataset: object}} properties one that `isReadAsSaid` */
export function ReadAs({ dataset }) {
  const { columns, units, labels, table } = dataset.read_as;
  return html`
    <div data-test="read-as">
      <p>${t("datasets.readAs.lead")}</p>
      <ul>
        ${table && html`<li>${t("datasets.readAs.table")} <code>${table}</code></li>`}
        ${[...MAPPED, ...TEACHING].filter((column) => column in columns).map(
          (column) => html`<li key=${`column ${column}`}>
            ${columnName(column)} ← ${" "}
            ${columns[column] === null ? t("datasets.readAs.notRead") : html`<code>${columns[column]}</code>`}
          </li>`,
        )}
        ${Object.entries(units).map(
          ([column, unit]) => html`<li key=${`unit ${column}`}>
            ${t("datasets.readAs.unit", { column: columnName(column), unit: unitName(unit) })}
          </li>`,
        )}
        ${Object.entries(labels).map(
          ([word, code]) => html`<li key=${`label ${word}`}>
            <code>${word}</code> → ${className(CLASSES[code])}
          </li>`,
        )}
      </ul>
    </div>
  `;
}

/** A unit as the API takes it, in words where the page has some. */
function unitName(unit) {
  return has(`reading.units.${unit}`) ? t(`reading.units.${unit}`) : unit;
}
