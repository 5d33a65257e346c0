// Diagnostics from the transit and the star, each with its reading.

import { columnName, unitOf } from "../lib/columns.js";
import { readDiagnostics } from "./diagnostics-state.js";
import { html } from "../lib/html.js";
import { significant, t } from "../lib/i18n.js";
import { LookCloser } from "../ui/basics.js";
import { Nearest } from "./nearest.js";

/**
 * @param {object} properties
 * @param {object} properties.prediction with its `diagnostics` and what is `missing`
 * @param {string | null} properties.trainedOn the address of the model's dataset, if it is still there
 */
export function Diagnostics({ prediction, trainedOn }) {
  const { diagnostics, missing } = prediction;
  if (!diagnostics) return html`<p class="hint">${t("predict.diagnostics.none")}</p>`;
  return html`
    <p class="hint">${t("predict.diagnostics.lead")}</p>
    <dl class="diagnostics">
      ${readDiagnostics(diagnostics).map((each) => html`<${Diagnostic} key=${each.name} ...${each} />`)}
      <${Nearest} diagnostics=${diagnostics} trainedOn=${trainedOn}><${LookCloser} /><//>
      <${OutsideRange} found=${diagnostics.outside_training_range ?? []} />
      <${Missing} columns=${missing ?? []} />
      <${Assumed} flags=${diagnostics.flags ?? []} />
    </dl>
  `;
}

function Diagnostic({ name, value, unit, reading, isWarning }) {
  return html`
    <div class=${isWarning ? "noticed" : ""}>
      <dt>${t(`predict.diagnostic.${name}`)}</dt>
      <dd class="value">
        ${shown(value)} ${unit && value !== null && html`<span class="unit">${t(`unit.${unit}`)}</span>`}
        ${isWarning && html`<${LookCloser} />`}
      </dd>
      <dd class="reading">${t(`predict.reading.${name}.${reading}`)}</dd>
    </div>
  `;
}

function shown(value) {
  if (value === null) return t("unknown");
  if (typeof value === "boolean") return t(value ? "yes" : "no");
  return significant(value, 3);
}

function OutsideRange({ found }) {
  return html`
    <div class=${found.length ? "noticed" : ""}>
      <dt>${t("predict.diagnostic.outside")}</dt>
      <dd class="value names">
        ${found.length ? found.map(({ column }) => columnName(column)).join(", ") : t("predict.reading.none")}
        ${found.length > 0 && html`<${LookCloser} />`}
      </dd>
      <dd class="reading">
        ${t(`predict.reading.outside.${found.length ? extentOf(found) : "none"}`)}
        ${found.length > 0 &&
        html`<ul>
          ${found.map((each) => html`<li key=${each.column}>${outsideText(each)}</li>`)}
        </ul>`}
      </dd>
    </div>
  `;
}

/** What the values lie beyond: of most training rows, or of all. */
function extentOf(found) {
  return found.every((each) => each.is_percentile && each.min !== null) ? "most" : "some";
}

function outsideText({ column, value, min, max, is_percentile: isPercentile }) {
  const values = { column: columnName(column), value: significant(value, 5), unit: unitOf(column) };
  if (min === null) return t("predict.reading.outside.never", values);
  const range = { min: significant(min, 5), max: significant(max, 5) };
  return t(`predict.reading.outside.${isPercentile ? "percentiles" : "column"}`, { ...values, ...range });
}

function Assumed({ flags }) {
  return html`
    <div class=${flags.length ? "noticed" : ""}>
      <dt>${t("predict.diagnostic.assumed")}</dt>
      <dd class="value names">
        ${flags.length ? html`<${LookCloser} />` : t("predict.reading.none")}
      </dd>
      <dd class="reading">
        ${t(flags.length ? "predict.reading.assumed.some" : "predict.reading.assumed.none")}
        ${flags.length > 0 && html`<ul>${flags.map((flag) => html`<li key=${flag}>${t(`flag.${flag}`)}</li>`)}</ul>`}
      </dd>
    </div>
  `;
}

function Missing({ columns }) {
  return html`
    <div>
      <dt>${t("predict.diagnostic.missing")}</dt>
      <dd class="value names">${columns.length ? columns.map(columnName).join(", ") : t("predict.reading.none")}</dd>
      <dd class="reading">
        ${t(columns.length ? "predict.reading.missing.some" : "predict.reading.missing.none")}
      </dd>
    </div>
  `;
}
