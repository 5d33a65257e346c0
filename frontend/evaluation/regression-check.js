// The period and the depth that the network infers, against those of the catalogue: a check, not a result.

import { get } from "../lib/api.js";
import { CLASSES } from "../lib/columns.js";
import { useData } from "../lib/data.js";
import { html, useMemo, useState } from "../lib/html.js";
import { number, percent, significant, t } from "../lib/i18n.js";
import { useManifest } from "../models/model-choice.js";
import { periodText } from "../predict/inferred.js";
import { className, Explained, Loaded } from "../ui/basics.js";
import { Chart } from "../ui/chart.js";
import { diagonal } from "./diagonal.js";
import { IntervalText } from "./interval.js";

const QUANTITIES = [
  ["period", "days"],
  ["depth", "ppm"],
];

const MARKS = ["circle", "square", "triangle"];

// A power of ten as it is computed may be off by a rounding.
const TOUCH = 1 + 1e-9;

/**
 * @param {object} properties
 * @param {object} properties.session
 * @param {object} properties.evaluation
 * @param {string} properties.name of the files that are saved
 * @param {(row: number) => void} properties.onChoose a row of the dataset, by a click on its point
 */
export function RegressionCheck({ session, evaluation, name, onChoose }) {
  const { data: manifest } = useManifest(session.model_id);
  return html`
    <section class="card stack" aria-labelledby="regression">
      <div>
        <h2 id="regression">${t("evaluation.regression")}</h2>
        <p class="hint">${t("evaluation.regressionHint")} ${periodText(manifest?.inputs)}</p>
      </div>
      <div class="two">
        ${QUANTITIES.map(
          ([quantity, unit]) => html`<${Errors} key=${quantity} ...${{ quantity, unit, evaluation }} />`,
        )}
      </div>
      ${session.model_id === null || session.dataset_id === null
        ? html`<p class="message warning">
            ${t(session.model_id === null ? "evaluation.modelDeleted" : "evaluation.datasetDeleted")}
          </p>`
        : html`<${RowByRow}><${Scatters} session=${session} name=${name} onChoose=${onChoose} /><//>`}
    </section>
  `;
}

/** What is shown, and asked for, only when it is opened. */
function RowByRow({ children }) {
  const [isOpen, setOpen] = useState(false);
  return html`<details class="disclosure" onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>${t("evaluation.regressionRows")}</summary>
    ${isOpen && html`<div class="stack">${children}</div>`}
  </details>`;
}

function Errors({ quantity, unit, evaluation }) {
  const errors = evaluation[quantity] ?? {};
  const intervals = evaluation.intervals?.[quantity] ?? {};
  const written = (value) => `${significant(value, 3)} ${t(`unit.${unit}`)}`;
  const shown = [
    ["mae", errors.mae, written],
    ["median_relative_error", errors.median_relative_error, (value) => percent(value, value < 1 ? 1 : 0)],
  ];
  return html`
    <div>
      <h3>${t(`parameter.${quantity}`)}</h3>
      <dl class="parameters">
        ${shown.map(
          ([term, value, write]) => html`<div key=${term}>
            <dt><${Explained} term=${term}>${t(`evaluation.error.${term}`)}<//></dt>
            <dd>
              ${value === null || value === undefined ? "–" : write(value)}
              <${IntervalText} interval=${intervals[term]} write=${write} />
            </dd>
          </div>`,
        )}
      </dl>
    </div>
  `;
}

function Scatters({ session, name, onChoose }) {
  const path = `/api/training/session/${session.id}/evaluation/points`;
  const points = useData(() => get(path), [path]);
  return html`<${Loaded} of=${points}>
    ${(data) => html`
      <p class="hint">${t(data.count < data.total ? "evaluation.pointsThinned" : "evaluation.pointsAll", data)}</p>
      <div class="two">
        ${QUANTITIES.map(
          ([quantity, unit]) => html`<div key=${quantity}>
            <${Scatter} quantity=${quantity} unit=${unit} points=${data} name=${name} onChoose=${onChoose} />
          </div>`,
        )}
      </div>
    `}
  <//>`;
}

function Scatter({ quantity, unit, points, name, onChoose }) {
  const { lines, rows, range } = useMemo(() => scatterOf(points, quantity), [points]);
  const parameter = t(`parameter.${quantity}`);
  const axis = (kind) => ({
    label: t(`evaluation.axis.${kind}`, { parameter, unit: t(`unit.${unit}`) }),
    log: true,
    range,
  });
  return html`<${Chart}
    name=${`${name}_${quantity}`}
    title=${t(`evaluation.scatter.${quantity}`)}
    summary=${summaryOf(points[quantity])}
    lines=${lines}
    xAxis=${axis("true")}
    yAxis=${axis("predicted")}
    isSquare
    onPick=${(line, index) => rows[line] && onChoose(rows[line][index])}
  />`;
}

/** A cloud of points a class, increasing in the true value, with their rows; the diagonal. */
function scatterOf({ row, label, ...quantities }, quantity) {
  const { true: trueValues, predicted } = quantities[quantity];
  const places = row.map((_, n) => n).filter((n) => trueValues[n] > 0 && predicted[n] > 0);
  places.sort((one, other) => trueValues[one] - trueValues[other]);
  const ofClass = CLASSES.map((_, code) => places.filter((n) => label[n] === code));
  const clouds = ofClass.map((mine, code) => ({
    label: className(CLASSES[code]),
    x: mine.map((n) => trueValues[n]),
    y: mine.map((n) => predicted[n]),
    kind: "points",
    mark: MARKS[code],
    color: `--class-${code}`,
  }));
  const range = rangeOf(places.flatMap((n) => [trueValues[n], predicted[n]]));
  const lines = [...clouds, diagonal(t("evaluation.exact"), range)];
  return { lines, rows: ofClass.map((mine) => mine.map((n) => row[n])), range };
}

/** What all values are in, from and to a step of the logarithmic axis: 1, 2 or 5 times a power of ten. */
function rangeOf(values) {
  if (values.length === 0) return [1, 10];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const steps = (value) => [1, 2, 5, 10].map((step) => step * 10 ** Math.floor(Math.log10(value)));
  const below = steps(low).findLast((step) => step <= low * TOUCH);
  return [below, steps(high).find((step) => step >= high / TOUCH)];
}

/** How many of the predictions are within a tenth and within a factor of two of the true value. */
function summaryOf({ true: trueValues, predicted }) {
  const isRatio = (value) => value > 0 && value < Infinity;
  const ratios = trueValues.map((value, n) => predicted[n] / value).filter(isRatio);
  const share = (low, high) => {
    const within = ratios.filter((each) => each >= low && each <= high);
    return percent(ratios.length ? within.length / ratios.length : null, 0);
  };
  const values = { tenth: share(0.9, 1.1), double: share(0.5, 2), count: number(ratios.length) };
  return t("evaluation.scatterSummary", values);
}
