// Calibration: the reliability diagram.

import { html, useMemo } from "../lib/html.js";
import { fixed, number, significant, t } from "../lib/i18n.js";
import { biasesText } from "../lib/biases.js";
import { Chart } from "../ui/chart.js";
import { diagonal } from "./diagonal.js";

// A temperature this close to 1 changes no probability noticeably.
const HARDLY = 0.03;

/** @param {{evaluation: object, name: string}} properties name of the files that are saved */
export function ReliabilityChart({ evaluation, name }) {
  const { bins } = evaluation.reliability;
  const lines = useMemo(
    () => [
      {
        label: t("evaluation.network"),
        x: bins.map((bin) => bin.confidence),
        y: bins.map((bin) => bin.accuracy),
        kind: "both",
        dash: [],
      },
      diagonal(t("evaluation.perfect")),
    ],
    [bins],
  );
  return html`
    <div class="card stack">
      <${Chart}
        name=${`${name}_reliability`}
        title=${t("evaluation.reliability")}
        summary=${summaryOf(evaluation)}
        lines=${lines}
        xAxis=${{ label: t("evaluation.confidence"), range: [0, 1] }}
        yAxis=${{ label: t("evaluation.fractionCorrect"), range: [0, 1] }}
        isSquare
      />
      <p class="hint">${noiseOf(bins)} ${temperatureOf(evaluation.temperature)} ${choiceOf(evaluation.calibration)}</p>
    </div>
  `;
}

function summaryOf({ ece, reliability: { bins } }) {
  const total = bins.reduce((sum, bin) => sum + bin.count, 0);
  const gap = bins.reduce((sum, bin) => sum + bin.count * (bin.confidence - bin.accuracy), 0) / (total || 1);
  const direction = Math.abs(gap) < 0.005 ? "even" : gap > 0 ? "over" : "under";
  const points = Math.round(Math.abs(gap) * 1000) / 10;
  const values = { ece: fixed(ece, 3), gap: number(points, 1), count: points };
  return t(`evaluation.reliability.${direction}`, values);
}

/** How far a bin's share is off by chance alone: half a 95% binomial interval at the mean accuracy. */
function noiseOf(bins) {
  const total = bins.reduce((sum, bin) => sum + bin.count, 0);
  if (!total) return "";
  const right = bins.reduce((sum, bin) => sum + bin.count * bin.accuracy, 0) / total;
  const rows = Math.round(total / bins.length);
  const points = Math.round(196 * Math.sqrt((right * (1 - right)) / rows));
  return t("evaluation.reliability.noise", { bins: bins.length, rows, noise: points, count: points });
}

function temperatureOf(temperature) {
  if (temperature === null || temperature === undefined) return "";
  const key = Math.abs(temperature - 1) < HARDLY ? "same" : temperature > 1 ? "over" : "under";
  return t(`evaluation.temperature.${key}`, { temperature: significant(temperature, 3) });
}

/** Whether the classes have biases, and what they gain; nothing of earlier models or too few stars. */
function choiceOf(calibration) {
  if (!calibration || calibration.gain === null) return "";
  const { kind, biases, gain, standard_error: error } = calibration;
  const values = { gain: fixed(gain, 4), error: fixed(error, 4), biases: biasesText(biases) };
  return t(`evaluation.calibration.${kind}`, values);
}
