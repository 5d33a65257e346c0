// The fraction of predictions kept, and the fraction of those that are correct.

import { html, useMemo } from "../lib/html.js";
import { fixed, percent, t } from "../lib/i18n.js";
import { Explained } from "../ui/basics.js";
import { Chart } from "../ui/chart.js";

/** @param {{evaluation: object, name: string}} properties name of the files that are saved */
export function CoverageChart({ evaluation, name }) {
  const { coverage, abstention } = evaluation;
  const right = t("evaluation.fractionCorrectKept");
  const lines = useMemo(
    () => coverage && [{ label: right, x: coverage.coverage, y: coverage.precision, dash: [] }],
    [coverage],
  );
  if (!lines) return html`<${Unmeasured} />`;
  return html`
    <div class="card stack">
      <${Chart}
        name=${`${name}_coverage`}
        title=${t("evaluation.coverage")}
        summary=${summaryOf(abstention, evaluation.accuracy)}
        lines=${lines}
        xAxis=${{ label: t("evaluation.kept"), range: [0, 1], format: shortPercent }}
        yAxis=${{ label: right, range: [floorOf(coverage.precision), 1], format: shortPercent }}
        rules=${rulesOf(abstention)}
        isSquare
      />
      <p class="hint"><${Explained} term="abstention">${t("evaluation.coverageHint")}<//></p>
    </div>
  `;
}

function Unmeasured() {
  return html`<div class="card">
    <h3>${t("evaluation.coverage")}</h3>
    <p class="hint">${t("evaluation.older")}</p>
  </div>`;
}

/** A share of an axis, or where the cursor is: a decimal only where it has one. */
function shortPercent(value) {
  return percent(value, Number.isInteger(Math.round(value * 1000) / 10) ? 0 : 1);
}

/** The lower end of the axis: below what is shown, by tens. */
function floorOf(precision) {
  return Math.max(0, Math.floor(Math.min(...precision, 0.8) * 10) / 10);
}

function rulesOf(abstention) {
  if (!abstention) return [];
  const { threshold, precision, coverage } = abstention;
  const share = percent(precision, 0);
  const wanted = { axis: "y", at: precision, label: t("evaluation.wanted", { share }) };
  if (threshold === null || coverage === null) return [wanted];
  const label = t("evaluation.thresholdMark", { threshold: fixed(threshold, 2) });
  return [wanted, { axis: "x", at: coverage, label }];
}

function summaryOf(abstention, accuracy) {
  const all = t("evaluation.coverageAll", { share: percent(accuracy) });
  if (!abstention) return all;
  const { threshold, precision, coverage, kept_precision: right } = abstention;
  if (threshold === null) return `${all} ${t("evaluation.noThreshold", { wanted: percent(precision, 0) })}`;
  const values = {
    threshold: fixed(threshold, 2),
    wanted: percent(precision, 0),
    right: percent(right),
    kept: percent(coverage),
    uncertain: percent(1 - coverage),
  };
  return t(coverage === 0 ? "evaluation.nothingKept" : "evaluation.threshold", values);
}
