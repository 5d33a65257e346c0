// The light curve that the network sees: the whole orbit, or the transit alone. Where its bins do not
// show the transit's shape, they are steps over the transit as it is.

import { html, useMemo, useState } from "../lib/html.js";
import { fixed, percent, significant, t } from "../lib/i18n.js";
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
  const summary = summaryOf(curve);
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

/** What the curve shows, and in how many bins the network sees a transit that is narrow. */
function summaryOf({ parameters, exact, bins_in_transit: bins, flux }) {
  const dip = t("curve.summary", {
    depth: significant(parameters.depth, 4),
    duration: significant(parameters.duration, 3),
    share: percent(parameters.duration / 24 / parameters.period, 2),
    period: significant(parameters.period, 5),
  });
  if (!exact) return dip;
  const values = { bins: inBins(bins), count: bins, deepest: significant(-asPpm(Math.min(...flux)), 3) };
  return `${dip} ${t("curve.summary.narrow", values)}`;
}

/** A number of bins with one decimal; a tiny one is not none. */
function inBins(bins) {
  return bins < 0.1 ? significant(bins, 1) : fixed(bins, 1);
}

function wholeOrbit({ phase, flux, exact }) {
  const bins = { y: flux.map(asPpm), width: 1.5, dash: [] };
  if (!exact) return { x: phase, lines: [{ ...bins, label: t("curve.flux") }] };
  return { lines: [asExact(exact.phase, exact.flux), asSteps(phase, bins)] };
}

/** Twice the transit around its middle, in hours. */
function inTransit({ phase, flux, parameters, exact }) {
  const hours = parameters.period * 24;
  const half = Math.max(parameters.duration / hours, 6 / phase.length);
  const rows = phase.map((at, row) => [at, row]).filter(([at]) => Math.abs(at) <= half);
  const x = rows.map(([at]) => at * hours);
  const bins = { y: rows.map(([, row]) => asPpm(flux[row])), width: 1.5, dash: [] };
  if (!exact) return { x, lines: [{ ...bins, label: t("curve.flux"), kind: "both" }] };
  const drawn = asExact(
    exact.phase.map((at) => at * hours),
    exact.flux,
  );
  return { lines: [drawn, asSteps(x, bins)] };
}

function asExact(x, flux) {
  return { label: t("curve.exact"), x, y: flux.map(asPpm), width: 1, dash: [], color: "--data-2" };
}

function asSteps(x, bins) {
  return { ...bins, label: t("curve.bins"), x, kind: "steps", width: 2, color: "--data-1" };
}

function asPpm(flux) {
  return (flux - 1) * 1e6;
}
