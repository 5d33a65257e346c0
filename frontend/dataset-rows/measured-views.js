// What is drawn of a measured light curve: around the transit, the whole orbit, odd over even, secondary, in time.

import { HOURS_A_DAY } from "../lib/columns.js";
import { julianDate, t } from "../lib/i18n.js";

// Times are drawn from here on, or an axis would have room for nothing but their first digits.
const FIRST_DAY = 2_450_000;

const HALF_A_VIEW = 2.5; // durations

/**
 * Each gives the `x`, lines and axes of a chart, of the curve of a row and of the model of the catalogue.
 *
 * @type {Object<string, (data: object, model: object | null, hasPoints: boolean) => object>}
 */
export const VIEWS = { transit, orbit, oddEven, secondary, series };

/** Those of which the single points can be seen behind the bins. */
export const WITH_POINTS = ["transit", "orbit"];

function transit(data, model, hasPoints) {
  const { period, duration, views } = data.prepared;
  const most = HALF_A_VIEW * duration;
  const lines = [{ ...bins(views.local_view, duration, t("curves.row.bins")), color: "--data-1" }];
  if (hasPoints) lines.unshift(singlePoints(data, period * HOURS_A_DAY, most));
  if (model) lines.push(modelLine(model, model.parameters.period * HOURS_A_DAY, most));
  return inHours(lines);
}

function orbit(data, model, hasPoints) {
  const lines = [{ ...bins(data.prepared.views.global_view, 1, t("curves.row.bins")), color: "--data-1" }];
  if (hasPoints) lines.unshift(singlePoints(data, 1, Infinity));
  if (model) lines.push(modelLine(model, 1, Infinity));
  return { lines, xAxis: { label: t("curve.phase") }, yAxis: { label: t("curve.dip") } };
}

function oddEven({ prepared }) {
  const { odd_view: odd, even_view: even } = prepared.views;
  return inHours([
    bins(odd, prepared.duration, t("curves.row.odd")),
    { ...bins(even, prepared.duration, t("curves.row.even")), mark: "triangle" },
  ]);
}

function secondary({ prepared }) {
  const { secondary_view: half, dip_view: dip } = prepared.views;
  const lines = [bins(half, prepared.duration, t("curves.row.halfOrbit"))];
  if (dip) lines.push({ ...bins(dip, prepared.duration, t("curves.row.deepestDip")), mark: "triangle" });
  return inHours(lines);
}

/** The flattened points; those in transit are told by their marks. */
function series({ series: { time, flux }, prepared }) {
  const isInside = insideOf(prepared);
  const all = { label: t("curve.flux"), kind: "points", color: "--data-1", width: 1 };
  const inTransit = { label: t("curve.transit"), kind: "points", color: "--data-2", mark: "triangle" };
  const y = flux.map(asPpm);
  const lines = [{ ...all, y: y.map((value, n) => (isInside(time[n]) ? null : value)) }];
  if (prepared) lines.push({ ...inTransit, y: y.map((value, n) => (isInside(time[n]) ? value : null)) });
  return {
    x: time.map((at) => at - FIRST_DAY),
    lines,
    xAxis: { label: t("curves.row.time", { day: julianDate(FIRST_DAY) }) },
    yAxis: { label: t("curve.dip") },
  };
}

function insideOf(prepared) {
  if (!prepared) return () => false;
  const { epoch, period, duration } = prepared;
  const half = duration / HOURS_A_DAY / 2;
  return (at) => {
    const cycles = (at - epoch) / period;
    return Math.abs(cycles - Math.round(cycles)) * period <= half;
  };
}

function inHours(lines) {
  return { lines, xAxis: { label: t("curve.hours") }, yAxis: { label: t("curve.dip") } };
}

/** The points of the light curve, folded: at orbits after mid-transit times `scale`, up to `most` of it. */
function singlePoints({ series: { time, flux }, prepared: { epoch, period } }, scale, most) {
  const at = time.map((day) => {
    const orbits = (day - epoch) / period;
    return (orbits - Math.round(orbits)) * scale;
  });
  const kept = at.map((_, n) => n).filter((n) => Math.abs(at[n]) <= most);
  kept.sort((a, b) => at[a] - at[b]);
  return {
    label: t("curves.row.points"),
    kind: "points",
    isFaint: true,
    color: "--text-quiet",
    x: kept.map((n) => at[n]),
    y: kept.map((n) => asPpm(flux[n])),
  };
}

/** The bins that have points; the others are guessed from their neighbours. */
function bins({ at, flux, count }, scale, label) {
  const kept = at.map((_, n) => n).filter((n) => count[n] > 0);
  return { label, kind: "points", x: kept.map((n) => at[n] * scale), y: kept.map((n) => asPpm(flux[n])) };
}

/** The curve that the catalogue's values give; as it is where the network's bins are too wide for it. */
function modelLine(model, scale, most) {
  const { phase, flux } = model.exact ?? model;
  const kept = phase.map((_, n) => n).filter((n) => Math.abs(phase[n] * scale) <= most);
  return {
    label: t("curves.row.model"),
    x: kept.map((n) => phase[n] * scale),
    y: kept.map((n) => asPpm(flux[n])),
    color: "--data-2",
    dash: [],
  };
}

function asPpm(flux) {
  return (flux - 1) * 1e6;
}
