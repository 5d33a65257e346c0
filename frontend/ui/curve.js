// The light curve that the network sees: the whole orbit, or the transit alone.

import { html, useMemo, useState } from "../lib/html.js";
import { percent, significant, t } from "../lib/i18n.js";
import { Chart } from "./chart.js";

const PARAMETERS = [
  ["period", "days"],
  ["duration", "hours"],
  ["depth", "ppm"],
  ["impact", "stellarRadii"],
  ["radius_ratio", ""],
  ["scaled_semi_major_axis", "stellarRadii"],
  ["u1", ""],
  ["u2", ""],
];

/** A curve as `/api/curve` gives it, with the geometry beside it. */
export function TransitCurve({ curve, name = "curve", title }) {
  const [isWhole, setWhole] = useState(false);
  const { parameters } = curve;
  const view = useMemo(() => (isWhole ? wholeOrbit(curve) : inTransit(curve)), [curve, isWhole]);
  const summary = t("curve.summary", {
    depth: significant(parameters.depth, 4),
    duration: significant(parameters.duration, 3),
    share: percent(parameters.duration / 24 / parameters.period, 2),
    period: significant(parameters.period, 5),
  });
  return html`
    <div class="curve">
      <div class="segmented" role="group" aria-label=${t("curve.view")}>
        <button type="button" aria-pressed=${!isWhole} onClick=${() => setWhole(false)}>${t("curve.transit")}</button>
        <button type="button" aria-pressed=${isWhole} onClick=${() => setWhole(true)}>${t("curve.orbit")}</button>
      </div>
      <${Chart}
        name=${name}
        title=${title ?? t("curve.title")}
        summary=${summary}
        x=${view.x}
        lines=${view.lines}
        xAxis=${{ label: t(isWhole ? "curve.phase" : "curve.hours") }}
        yAxis=${{ label: t("curve.dip") }}
        height=${260}
      />
      <dl class="parameters">
        ${PARAMETERS.map(
          ([parameter, unit]) => html`<div key=${parameter}>
            <dt>${t(`parameter.${parameter}`)}</dt>
            <dd>
              ${significant(parameters[parameter], 5)}
              ${unit && html`<span class="unit"> ${t(`unit.${unit}`)}</span>`}
            </dd>
          </div>`,
        )}
      </dl>
      ${parameters.flags.length > 0 &&
      html`<ul class="flags">${parameters.flags.map((flag) => html`<li>${t(`flag.${flag}`)}</li>`)}</ul>`}
    </div>
  `;
}

function wholeOrbit({ phase, flux }) {
  return { x: phase, lines: [{ label: t("curve.flux"), y: flux.map(asPpm), width: 1.5, dash: [] }] };
}

/** Twice the transit around its middle, in hours. */
function inTransit({ phase, flux, parameters }) {
  const hours = parameters.period * 24;
  const half = Math.max(parameters.duration / hours, 6 / phase.length);
  const rows = phase.map((at, row) => [at, row]).filter(([at]) => Math.abs(at) <= half);
  return {
    x: rows.map(([at]) => at * hours),
    lines: [{ label: t("curve.flux"), y: rows.map(([, row]) => asPpm(flux[row])), kind: "both", width: 1.5, dash: [] }],
  };
}

function asPpm(flux) {
  return (flux - 1) * 1e6;
}
