// A model's manifest as tables: training data, inputs and outputs.

import { columnName, COLUMNS, unitOf } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { has, number, significant, t } from "../lib/i18n.js";

/** The values of each column among the training rows: their ends, and where 98% of them lie. */
export function TrainingRanges({ ranges }) {
  const known = COLUMNS.filter((name) => ranges[name]);
  // Models of 0.4.0 and earlier have the ends alone.
  const points = known.some((name) => "p1" in ranges[name]) ? ["min", "p1", "p99", "max"] : ["min", "max"];
  const hint = points.length > 2 ? "models.rangesHint" : "models.rangesHint.ends";
  return html`
    <${Section} id="ranges" title=${t("models.ranges")} hint=${t(hint)}>
      <table>
        <thead>
          <tr>
            <th scope="col">${t("models.column")}</th>
            ${[...points, "known"].map(
              (name) => html`<th scope="col" class="number">${t(`models.${name}`)}</th>`,
            )}
            <th scope="col">${t("models.unit")}</th>
          </tr>
        </thead>
        <tbody>
          ${known.map(
            (name) => html`<tr key=${name}>
              <th scope="row">${columnName(name)}</th>
              ${points.map((point) => html`<td class="number">${significant(ranges[name][point], 6)}</td>`)}
              <td class="number">${number(ranges[name].known)}</td>
              <td>${unitOf(name) || "–"}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    <//>
  `;
}

/** The inputs and outputs of the saved graph, in its order. */
export function InputsAndOutputs({ inputs, outputs }) {
  return html`
    <${Section} id="graph" title=${t("models.graph")} hint=${t("models.graphHint")}>
      <table>
        <thead>
          <tr>
            ${["name", "shape", "meaning"].map((name) => html`<th scope="col">${t(`models.${name}`)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${inputs.map((each) => html`<${Tensor} key=${each.name} kind="input" tensor=${each} />`)}
          ${outputs.map((each) => html`<${Tensor} key=${each.name} kind="output" tensor=${each} />`)}
        </tbody>
      </table>
    <//>
  `;
}

function Section({ id, title, hint, children }) {
  return html`
    <section class="card">
      <h2 id=${id}>${title}</h2>
      <p class="hint">${hint}</p>
      <div class="table-scroll whole" tabindex="0" role="region" aria-label=${title}>${children}</div>
    </section>
  `;
}

function Tensor({ kind, tensor }) {
  const said = `models.tensor.${tensor.name}`;
  const shape = tensor.shape ?? [tensor.classes?.length ?? 1];
  const entries = entriesOf(tensor);
  return html`<tr>
    <th scope="row"><code>${tensor.name}</code> <span class="interval">${t(`models.${kind}`)}</span></th>
    <td><code>(n, ${shape.join(", ")})</code></td>
    <td>
      ${has(said) ? t(said) : Array.isArray(tensor.unit) ? "" : tensor.unit}
      ${entries.length > 0 && html`<ol class="tensor">${entries.map((each) => html`<li>${each}</li>`)}</ol>`}
      ${tensor.missing && html`<span class="hint">${t("models.missingAs", { sign: tensor.missing })}</span>`}
    </td>
  </tr>`;
}

/** The columns of an input with their units, or the classes of an output. */
function entriesOf({ columns = [], classes, unit }) {
  if (classes) return classes.map((name) => html`<code>${name}</code>`);
  return columns.map((name, n) => html`<code>${name}</code> <span class="unit">${unitText(unit[n])}</span>`);
}

const UNIT_KEYS = {
  days: "days",
  hours: "hours",
  ppm: "ppm",
  K: "K",
  mag: "mag",
  "stellar radii": "stellarRadii",
  "solar radii": "solarRadii",
  "dex (cgs)": "dex",
  "Earth radii": "earthRadii",
};

/** A unit of the manifest, which is in English, in the page's language. */
function unitText(unit) {
  return unit in UNIT_KEYS ? t(`unit.${UNIT_KEYS[unit]}`) : unit;
}
