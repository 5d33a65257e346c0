// The trials of a search as plots: each setting against the figure, and all settings side by side.

import { html } from "../../lib/html.js";
import { fixed, number, t } from "../../lib/i18n.js";
import { settingName } from "../../training/form/setting-field.js";
import { Chart } from "../../ui/chart.js";
import { axesOf, extremes, measured, shownRange, sorted } from "./trial-places.js";
import { valueText } from "./trial-words.js";

const [WIDTH, HEIGHT, EDGE] = [600, 220, 20];

// A tick between two whole numbers is rounded where nobody sees it, else it has no number.
const FINE = 20;

const isPruned = ({ status }) => status === "pruned";

/** @param {{study: object}} properties */
export function SearchPlots({ study }) {
  const { space, tried } = study.search;
  const found = extremes(tried);
  if (found === null) return null;
  const ranges = Object.keys(space).filter((name) => !space[name].choices);
  return html`
    <section class="card stack" data-test="search-plots">
      <h2>${t("search.plots")}</h2>
      <${Parallel} ...${{ space, tried, found }} />
      ${ranges.map((name) => html`<${Scatter} key=${name} ...${{ study, name, found }} />`)}
    </section>
  `;
}

/** One setting against the figure; pruned trials have another mark. */
function Scatter({ study, name, found }) {
  const { space, tried } = study.search;
  const shown = sorted(measured(tried), { column: name, isDown: false });
  const lineOf = (label, mark, color, trials) => ({
    label,
    kind: "points",
    ...{ mark, color },
    x: trials.map(({ settings }) => settings[name]),
    y: trials.map(({ value }) => value),
  });
  const [whole, pruned] = [shown.filter((each) => !isPruned(each)), shown.filter(isPruned)];
  const lines = [
    lineOf(t("search.trials"), "circle", "--data-1", whole),
    ...(pruned.length > 0 ? [lineOf(t("status.pruned"), "triangle", "--data-2", pruned)] : []),
  ];
  const { best, count } = found;
  const isLog = Boolean(space[name].log);
  const { low, high } = space[name];
  const isFine = name === "learning_rate" || high - low > FINE;
  const tick = (value) => (isFine || Number.isInteger(value) ? valueText(name, value) : "");
  return html`<${Chart}
    name=${`${study.name}_${study.id}_${name}`}
    title=${t("search.scatter", { name: settingName(name) })}
    summary=${t("search.scatter.summary", {
      count: number(count),
      name: settingName(name),
      best: fixed(best.value, 4),
      value: valueText(name, best.settings[name]),
    })}
    lines=${lines}
    xAxis=${{ label: settingName(name), log: isLog, range: shownRange(space[name]), format: tick }}
    yAxis=${{ label: t("search.value"), format: (value) => fixed(value, 3) }}
  />`;
}

/** A line for each trial across an axis for each setting; the last axis is the figure. */
function Parallel({ space, tried, found }) {
  const axes = axesOf(space, tried);
  const x = (n) => ((n + 0.5) * WIDTH) / axes.length;
  const y = (place) => HEIGHT - EDGE - place * (HEIGHT - 2 * EDGE);
  const { best, worst, count } = found;
  const summary = t("search.sideBySide.summary", {
    count: number(count),
    best: fixed(best.value, 4),
    worst: fixed(worst.value, 4),
    settings: axes
      .slice(0, -1)
      .map(({ name }) => `${settingName(name)} ${valueText(name, best.settings[name])}`)
      .join(", "),
  });
  // The best is drawn last, over the others.
  const order = sorted(measured(tried), { column: "value", isDown: true });
  return html`
    <figure class="parallel-plot">
      <figcaption>
        <h3>${t("search.sideBySide")}</h3>
        <p class="summary">${summary}</p>
      </figcaption>
      <div class="table-scroll" tabindex="0" role="region" aria-label=${t("search.sideBySide")}>
        <div class="parallel-inside">
          <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${summary}>
            ${axes.map(
              ({ name }, n) => html`<line key=${name} x1=${x(n)} x2=${x(n)} y1=${y(0)} y2=${y(1)} />`,
            )}
            ${order.map(
              (trial) => html`<polyline
                key=${trial.number}
                class=${classOf(trial, best)}
                points=${axes.map((axis, n) => `${x(n)},${y(axis.place(trial))}`).join(" ")}
              />`,
            )}
          </svg>
          <ol class="plain parallel-axes" aria-hidden="true">
            ${axes.map(({ name, low, high }) => html`<li key=${name}><${AxisText} ...${{ name, low, high }} /></li>`)}
          </ol>
        </div>
      </div>
      <p class="hint">${t("search.sideBySide.legend")}</p>
    </figure>
  `;
}

function AxisText({ name, low, high }) {
  const isFigure = name === "value";
  const text = (value) => (isFigure ? fixed(value, 3) : valueText(name, value));
  return html`<b>${isFigure ? t("search.value") : settingName(name)}</b><span>${text(low)} – ${text(high)}</span>`;
}

function classOf(trial, best) {
  if (trial.number === best.number) return "best";
  return isPruned(trial) ? "pruned" : "other";
}
