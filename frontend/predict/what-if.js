// What-if sliders: the prediction for changed values.

import { isTooLong, tooLong } from "./candidate.js";
import { CLASSES, COLUMNS, REQUIRED, columnName, unitOf } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { percent, significant, t } from "../lib/i18n.js";
import { PLACES, placeOf, scaleOf, SLIDERS, valueAt } from "./sliders.js";
import { ClassBar, className } from "../ui/basics.js";

/**
 * @param {object} properties
 * @param {object} properties.typed the candidate that was asked for
 * @param {object} properties.values the candidate that the sliders show
 * @param {(values: object) => void} properties.onChange
 * @param {object} properties.prediction of those values, or of the last before them
 */
export function WhatIf({ typed, values, onChange, prediction }) {
  const isChanged = COLUMNS.some((column) => values[column] !== typed[column]);
  return html`
    <div class="stack tight">
      <p class="hint">${t("predict.whatIf.lead")}</p>
      <div class="sliders">
        ${COLUMNS.map(
          (column) =>
            html`<${Slider}
              key=${column}
              column=${column}
              typed=${typed[column]}
              value=${values[column]}
              onChange=${(value) => onChange({ ...values, [column]: value })}
            />`,
        )}
      </div>
      ${isTooLong(values) && html`<p class="field-error" role="alert">${tooLong(values)}</p>`}
      <${Glance} prediction=${prediction} />
      <div class="actions">
        <button type="button" disabled=${!isChanged} onClick=${() => onChange(typed)}>
          ${t("predict.whatIf.reset")}
        </button>
      </div>
    </div>
  `;
}

/** The probabilities beside the sliders, where the prediction itself stands further down. */
function Glance({ prediction }) {
  return html`
    <div class="glance" aria-hidden="true">
      ${CLASSES.map(
        (name, n) =>
          html`<span key=${name}>
            <span class="swatch class-${n}"></span> ${className(name)}
            ${percent(prediction.probabilities[name], 0)}
          </span>`,
      )}
      <${ClassBar} counts=${prediction.probabilities} />
    </div>
  `;
}

function Slider({ column, typed, value, onChange }) {
  const id = `slider-${column}`;
  const scale = scaleOf(column, typed);
  const isKnown = value !== null;
  const text = isKnown ? withUnit(column, value) : t("unknown");
  return html`
    <div class="slider ${isKnown ? "" : "off"}">
      <div class="slider-head">
        <label for=${id}>${columnName(column)}</label>
        <span class="slider-value">
          ${value !== typed && html`<span class="unit" aria-hidden="true">${shortOf(typed)} → </span>`}${text}
        </span>
      </div>
      <div class="slider-body">
        <input
          type="range"
          id=${id}
          min="0"
          max=${PLACES}
          step="1"
          value=${placeOf(value ?? SLIDERS[column].usual, scale)}
          disabled=${!isKnown}
          aria-valuetext=${text}
          aria-describedby=${`${id}-typed`}
          onInput=${(event) => onChange(valueAt(Number(event.target.value), scale))}
        />
        ${!REQUIRED.includes(column) &&
        html`<label class="known">
          <input
            type="checkbox"
            checked=${isKnown}
            aria-label=${t("predict.whatIf.isKnown", { column: columnName(column) })}
            onChange=${() => onChange(isKnown ? null : (typed ?? SLIDERS[column].usual))}
          />
          ${t("predict.whatIf.known")}
        </label>`}
        <span class="visually-hidden" id=${`${id}-typed`}>${typedText(column, typed)}</span>
      </div>
    </div>
  `;
}

function shortOf(value) {
  return value === null ? t("unknown") : significant(value, 4);
}

function withUnit(column, value) {
  return [shortOf(value), unitOf(column)].filter(Boolean).join(" ");
}

function typedText(column, typed) {
  return t("predict.whatIf.typed", { value: typed === null ? t("unknown") : withUnit(column, typed) });
}
