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
} from "./choices.js";

/**
 * @param {object} properties
 * @param {string} properties.id of the form
 * @param {"dataset" | "batch"} properties.kind what the table is read for
 * @param {object} properties.reading what was chosen so far
 * @param {(next: (last: object) => object) => void} properties.onChange
 * @param {object[]} [properties.similar] columns of the file that may be absent ones of ours
 */
export function ReadingColumns({ similar = [], ...form }) {
  const twice = clashes(form.reading);
  return html`
    <ul class="plain reading-columns" aria-label=${t("reading.columns")}>
      ${MAPPED.map(
        (column) => html`<${Column}
          key=${column}
          ...${form}
          column=${column}
          isTwice=${twice.includes(column)}
          similar=${similar.find((each) => each.column === column)}
        />`,
      )}
    </ul>
  `;
}

function Column({ id, kind, reading, onChange, column, isTwice, similar }) {
  const name = nameOf(reading, column);
  const examples = fileColumn(reading, column)?.examples;
  const isNeeded = NEEDED[kind].includes(column);
  const isMissing = name === "" && isNeeded;
  const choose = (chosen) => onChange((last) => chooseColumn(last, column, chosen));
  return html`
    <li data-test=${`reading-${column}`}>
      <${Field}
        id=${`${id}-${column}`}
        label=${columnName(column)}
        unit=${isNeeded ? t("reading.needed") : undefined}
        help=${examples?.length ? t("reading.examples", { cells: examples.join(" · ") }) : undefined}
        error=${errorOf({ kind, isTwice, isMissing })}
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
      ${name !== "" &&
      column in UNIT_CHOICES &&
      html`<${Unit} id=${`${id}-${column}-unit`} reading=${reading} column=${column} onChange=${onChange} />`}
      ${name === "" &&
      similar &&
      html`<div>
        <button type="button" onClick=${() => choose(similar.name)}>
          ${t("reading.similar", { name: similar.name })}
        </button>
      </div>`}
    </li>
  `;
}

function errorOf({ kind, isTwice, isMissing }) {
  if (isTwice) return t("reading.twice");
  return isMissing ? t(`reading.missing.${kind}`) : undefined;
}

function optionText({ name, examples }) {
  return examples.length ? `${name} (${examples[0]})` : name;
}

function Unit({ id, reading, column, onChange }) {
  const chosen = reading.units[column] ?? "";
  const choose = (event) => {
    const units = { [column]: event.target.value };
    onChange((last) => ({ ...last, units: { ...last.units, ...units } }));
  };
  const doubt = reading.doubts[column];
  return html`
    <${Field}
      id=${id}
      label=${t("reading.unit", { column: columnName(column) })}
      help=${doubt && doubtText(doubt)}
    >
      ${(common) => html`<select ...${common} onChange=${choose}>
        <option value="" selected=${chosen === ""}>${assumedText(reading, column)}</option>
        ${UNIT_CHOICES[column].map(
          (unit) => html`<option value=${unit} selected=${unit === chosen}>${t(`reading.units.${unit}`)}</option>`,
        )}
      </select>`}
    <//>
  `;
}

/** What a column is read in if no unit is chosen. */
function assumedText(reading, column) {
  const source = unitSource(reading, column);
  const unit = source === "name" ? fileColumn(reading, column).unit : unitOf(column);
  return t(`reading.unitOf.${source}`, { unit });
}

function doubtText({ column, median, likely }) {
  const values = { median: significant(median, 3), unit: unitOf(column), likely: t(`reading.units.${likely}`) };
  return t("reading.doubt", values);
}
