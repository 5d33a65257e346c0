// Our columns, each with the file's column that it is read from, examples of its cells, and their unit.

import { columnName, unitOf } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { significant, t } from "../lib/i18n.js";
import { Field } from "../ui/basics.js";
import {
  chooseColumn,
  clashes,
  fileColumn,
  MAPPED,
  nameOf,
  NEEDED,
  UNIT_CHOICES,
  unitSource,
} from "./reading-choices.js";
import { changeReading } from "./uploads.js";

/**
 * @param {object} properties
 * @param {number} properties.id of the upload
 * @param {object} properties.reading what was chosen so far
 * @param {object[]} [properties.similar] columns of the file that may be absent ones of ours
 */
export function ReadingColumns({ id, reading, similar = [] }) {
  const twice = clashes(reading);
  return html`
    <ul class="plain reading-columns" aria-label=${t("datasets.reading.columns")}>
      ${MAPPED.map(
        (column) => html`<${Column}
          key=${column}
          id=${id}
          reading=${reading}
          column=${column}
          isTwice=${twice.includes(column)}
          similar=${similar.find((each) => each.column === column)}
        />`,
      )}
    </ul>
  `;
}

function Column({ id, reading, column, isTwice, similar }) {
  const name = nameOf(reading, column);
  const examples = fileColumn(reading, column)?.examples;
  const isMissing = name === "" && NEEDED.includes(column);
  const choose = (chosen) => changeReading(id, (last) => chooseColumn(last, column, chosen));
  const fieldId = `reading-${id}-${column}`;
  return html`
    <li data-test=${`reading-${column}`}>
      <${Field}
        id=${fieldId}
        label=${columnName(column)}
        unit=${NEEDED.includes(column) ? t("datasets.reading.needed") : undefined}
        help=${examples?.length ? t("datasets.reading.examples", { cells: examples.join(" · ") }) : undefined}
        error=${errorOf({ isTwice, isMissing })}
      >
        ${(common) => html`<select ...${common} onChange=${(event) => choose(event.target.value)}>
          <option value="" selected=${name === ""}>${t("datasets.columns.absent")}</option>
          ${reading.guess.columns
            .filter((each) => each.name !== "")
            .map(
              (each) => html`<option value=${each.name} selected=${each.name === name}>
                ${optionText(each)}
              </option>`,
            )}
        </select>`}
      <//>
      ${name !== "" && column in UNIT_CHOICES && html`<${Unit} id=${id} reading=${reading} column=${column} />`}
      ${name === "" &&
      similar &&
      html`<div>
        <button type="button" onClick=${() => choose(similar.name)}>
          ${t("datasets.reading.similar", { name: similar.name })}
        </button>
      </div>`}
    </li>
  `;
}

function errorOf({ isTwice, isMissing }) {
  if (isTwice) return t("datasets.reading.twice");
  return isMissing ? t("datasets.reading.missing") : undefined;
}

function optionText({ name, examples }) {
  return examples.length ? `${name} (${examples[0]})` : name;
}

function Unit({ id, reading, column }) {
  const chosen = reading.units[column] ?? "";
  const choose = (event) => {
    const units = { [column]: event.target.value };
    changeReading(id, (last) => ({ ...last, units: { ...last.units, ...units } }));
  };
  const doubt = reading.doubts[column];
  return html`
    <${Field}
      id=${`reading-${id}-${column}-unit`}
      label=${t("datasets.reading.unit", { column: columnName(column) })}
      help=${doubt && doubtText(doubt)}
    >
      ${(common) => html`<select ...${common} onChange=${choose}>
        <option value="" selected=${chosen === ""}>${assumedText(reading, column)}</option>
        ${UNIT_CHOICES[column].map(
          (unit) => html`<option value=${unit} selected=${unit === chosen}>${t(`datasets.units.${unit}`)}</option>`,
        )}
      </select>`}
    <//>
  `;
}

/** What a column is read in if no unit is chosen. */
function assumedText(reading, column) {
  const source = unitSource(reading, column);
  const unit = source === "name" ? fileColumn(reading, column).unit : unitOf(column);
  return t(`datasets.reading.unitOf.${source}`, { unit });
}

function doubtText({ column, median, likely }) {
  const values = { median: significant(median, 3), unit: unitOf(column), likely: t(`datasets.units.${likely}`) };
  return t("datasets.reading.doubt", values);
}
