// One metric of all compared sessions over their epochs, in one plot.

import { html, useMemo, useState } from "../lib/html.js";
import { percent, significant, t } from "../lib/i18n.js";
import { nameOf } from "../lib/watch.js";
import { Chart } from "../ui/chart.js";
import { DASHES } from "../ui/chart-drawing.js";
import { epochAxis } from "../training/session/metrics-chart.js";

const METRICS = [
  "val_label_loss",
  "val_loss",
  "val_accuracy",
  "val_period_mae",
  "val_depth_mae",
  "learning_rate",
];

const UNITS = { val_period_mae: "days", val_depth_mae: "ppm" };

const COLORS = 6;

/** @param {{compared: object[]}} properties sessions that were found */
export function ComparedCurves({ compared }) {
  const [metric, setMetric] = useState(METRICS[0]);
  const [isLog, setLog] = useState(false);
  const histories = compared.map(({ session }) => session.history);
  const { x, lines } = useMemo(() => overlaid(compared, metric), [metric, ...histories, histories.length]);
  const isAccuracy = metric === "val_accuracy";
  const write = isAccuracy ? (share) => percent(share) : (value) => significant(value, 4);
  const unit = UNITS[metric];
  const title = t(`training.metric.${metric}`);
  return html`
    <section class="card stack" data-test="curves">
      <h2>${t("training.curves")}</h2>
      <div class="row">
        <div class="field">
          <label for="metric">${t("training.compare.metric")}</label>
          <select id="metric" value=${metric} onChange=${(event) => setMetric(event.target.value)}>
            ${METRICS.map((each) => html`<option value=${each}>${t(`training.metric.${each}`)}</option>`)}
          </select>
        </div>
        <label class="row">
          <input
            type="checkbox"
            checked=${isLog && !isAccuracy}
            disabled=${isAccuracy}
            onChange=${(event) => setLog(event.target.checked)}
          />
          ${t("training.scale.log")}
        </label>
      </div>
      ${x.length === 0
        ? html`<p class="hint">${t("training.curves.none")}</p>`
        : html`<${Chart}
            name=${`compare_${metric}`}
            title=${title}
            summary=${summaryOf(compared, metric, write)}
            x=${x}
            lines=${lines}
            xAxis=${epochAxis()}
            yAxis=${{ label: unit ? t(`unit.${unit}`) : title, log: isLog && !isAccuracy, format: write }}
            height=${320}
          />`}
    </section>
  `;
}

/** All sessions over the epochs of the longest one. */
function overlaid(compared, metric) {
  const last = Math.max(0, ...compared.map(({ session }) => session.history.at(-1)?.epoch ?? 0));
  const x = Array.from({ length: last }, (_, n) => n + 1);
  const lines = compared.map(({ id, session }, n) => {
    const byEpoch = new Map(session.history.map((each) => [each.epoch, each[metric] ?? null]));
    return {
      label: `#${id} ${nameOf(session)}`,
      y: x.map((epoch) => byEpoch.get(epoch) ?? null),
      // After six sessions the colours come again, each with another dash.
      dash: DASHES[(n + Math.floor(n / COLORS)) % DASHES.length],
    };
  });
  return { x, lines };
}

function summaryOf(compared, metric, write) {
  const ends = compared
    .filter(({ session }) => session.history.length > 0)
    .map(({ id, session }) => `#${id}: ${write(session.history.at(-1)[metric])}`);
  return t("training.compare.summary", { ends: ends.join("; ") });
}
