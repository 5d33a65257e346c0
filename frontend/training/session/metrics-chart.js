// The learning curves of a session, live: loss, accuracy, errors of period and depth, learning rate.

import { html, useMemo, useState } from "../../lib/html.js";
import { fixed, percent, significant, t } from "../../lib/i18n.js";
import { Chart } from "../../ui/chart.js";

/**
 * The plots: metrics of the epochs, whether they may be shown in a logarithmic scale, how a value is
 * written.
 */
const PLOTS = [
  { name: "loss", metrics: ["loss", "val_loss"], canBeLog: true },
  { name: "label_loss", metrics: ["label_loss", "val_label_loss"], canBeLog: true },
  {
    name: "accuracy",
    metrics: ["accuracy", "val_accuracy"],
    format: (share) => percent(share),
    risesWithSkill: true,
  },
  { name: "period_mae", metrics: ["period_mae", "val_period_mae"], canBeLog: true },
  { name: "depth_mae", metrics: ["depth_mae", "val_depth_mae"], canBeLog: true },
  { name: "learning_rate", metrics: ["learning_rate"], canBeLog: true },
];

/**
 * @param {object} properties
 * @param {object[]} properties.history the epochs, oldest first; the same array while none is added
 * @param {number | null} properties.bestEpoch it is marked
 * @param {string} properties.name of the files that are saved
 * @param {boolean} properties.isRunning
 */
export function MetricsChart({ history, bestEpoch, name, isRunning }) {
  const [isLog, setLog] = useState(false);
  const isMeasured = (metric) => history.some((each) => each[metric] != null);
  const known = PLOTS.filter((plot) => plot.metrics.some(isMeasured));
  const names = known.map((plot) => plot.name).join();
  // Progress updates alone do not render the plots.
  const plots = useMemo(() => {
    const shared = { x: history.map((each) => each.epoch), history, bestEpoch, isLog, name };
    return known.map(
      (plot) => html`<div class="card" key=${plot.name}><${Plot} plot=${plot} ...${shared} /></div>`,
    );
  }, [history, bestEpoch, isLog, name, names]);
  return html`
    <section class="stack" data-test="metrics">
      <div class="row between">
        <h2>${t("training.curves")}</h2>
        ${history.length > 0 &&
        html`<div class="segmented" role="group" aria-label=${t("training.scale")}>
          <button type="button" aria-pressed=${!isLog} onClick=${() => setLog(false)}>
            ${t("training.scale.linear")}
          </button>
          <button type="button" aria-pressed=${isLog} onClick=${() => setLog(true)}>
            ${t("training.scale.log")}
          </button>
        </div>`}
      </div>
      ${history.length === 0
        ? html`<p class="card hint">${t(isRunning ? "training.curves.soon" : "training.curves.none")}</p>`
        : html`<div class="two">${plots}</div>`}
    </section>
  `;
}

/** The axis of the epochs: whole numbers alone. */
export function epochAxis() {
  return { label: t("training.epoch"), format: (epoch) => (Number.isInteger(epoch) ? fixed(epoch, 0) : "") };
}

function Plot({ plot, history, x, bestEpoch, isLog, name }) {
  const lines = useMemo(() => linesOf(plot.metrics, history), [history]);
  const isAtTop = !plot.risesWithSkill && plot.name !== "learning_rate";
  const mark = { axis: "x", at: bestEpoch, label: t("training.bestEpoch"), isAtTop };
  const rules = bestEpoch === null ? [] : [mark];
  const write = plot.format ?? ((value) => significant(value, 4));
  return html`<${Chart}
    name=${`${name}_${plot.name}`}
    title=${t(`training.plot.${plot.name}`)}
    summary=${summaryOf(plot, history, bestEpoch, write)}
    x=${x}
    lines=${lines}
    xAxis=${epochAxis()}
    yAxis=${{
      label: t(`training.axis.${plot.name}`),
      log: Boolean(isLog && plot.canBeLog),
      format: write,
    }}
    rules=${rules}
    height=${220}
  />`;
}

function linesOf(metrics, history) {
  return metrics.map((metric) => ({
    label: t(`training.metric.${metric}`),
    y: history.map((each) => each[metric] ?? null),
  }));
}

function summaryOf({ metrics }, history, bestEpoch, write) {
  const metric = metrics.at(-1);
  const last = history.at(-1);
  const best = history.find((each) => each.epoch === bestEpoch) ?? last;
  return t("training.plot.summary", {
    metric: t(`training.metric.${metric}`),
    first: write(history[0][metric]),
    last: write(last[metric]),
    epoch: last.epoch,
    best: write(best[metric]),
    bestEpoch: best.epoch,
  });
}
