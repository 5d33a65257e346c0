// The columns of a table of results: what each shows, and how it sorts.

import { asNumber } from "./catalogue.js";
import { CLASSES, COLUMNS, columnName, unitOf } from "../lib/columns.js";
import { html } from "../lib/html.js";
import { percent, significant, t } from "../lib/i18n.js";
import { className } from "../ui/basics.js";
import { ClassMark } from "../dataset-rows/row-table.js";

/**
 * @typedef {object} Column
 * @property {string} key
 * @property {any} title
 * @property {string} [unit]
 * @property {boolean} isNumber
 * @property {(result: object) => any} valueOf what it is sorted by
 * @property {(result: object) => any} cell what it shows
 */

const COUNTS_OF_NEIGHBOURS = ["candidates_on_star", "ephemeris_matches"];

/** The columns that matter, for these results of a catalogue or an analysis. */
export function resultColumns(results) {
  const star = text("star", t("parameter.star"), (result) => result.star);
  return [
    ...(results.some((result) => result.star !== result.name) ? [star] : []),
    ...(results.some(({ ownLabel }) => ownLabel !== null && ownLabel !== undefined) ? [ownLabel()] : []),
    {
      key: "label",
      title: t("predict.column.label"),
      isNumber: false,
      valueOf: (result) => result.label && className(result.label),
      cell: (result) => (result.label ? html`<${ClassMark} label=${result.label} />` : "–"),
    },
    ...CLASSES.map((name, n) => ({
      ...figure(
        `p${n}`,
        t("predict.column.probability", { label: className(name) }),
        (result) => result.probabilities[n],
      ),
      cell: (result) => percent(result.probabilities[n]),
    })),
    {
      key: "uncertain",
      title: t("predict.column.uncertain"),
      isNumber: false,
      valueOf: (result) => result.uncertain,
      cell: ({ uncertain }) =>
        uncertain
          ? html`<span class="badge warning"><span aria-hidden="true">?</span> ${t("yes")}</span>`
          : yesNo(uncertain),
    },
    ...COLUMNS.map((name) => ({
      ...figure(name, columnName(name), (result) => result.values[name]),
      cell: (result) => result.garbled?.[name] ?? significant(result.values[name], 5),
      unit: unitOf(name),
    })),
    figure(
      "density_ratio",
      t("predict.diagnostic.density_ratio"),
      (result) => result.diagnostics.density_ratio,
      3,
    ),
    {
      ...figure(
        "planet_radius",
        t("predict.diagnostic.planet_radius"),
        (result) => result.diagnostics.planet_radius,
        3,
      ),
      unit: t("unit.earthRadii"),
    },
    {
      key: "is_grazing",
      title: t("predict.diagnostic.is_grazing"),
      isNumber: false,
      valueOf: (result) => result.diagnostics.is_grazing,
      cell: (result) => yesNo(result.diagnostics.is_grazing),
    },
    figure(
      "snr1",
      t("predict.diagnostic.single_transit_snr"),
      (result) => result.diagnostics.single_transit_snr,
      3,
    ),
    text("outside", t("predict.diagnostic.outside"), (result) => result.outside.map(columnName).join(", ")),
    {
      key: "sparse",
      title: t("predict.column.sparse"),
      isNumber: false,
      valueOf: (result) => result.sparse,
      cell: (result) => yesNo(result.sparse),
    },
    ...COUNTS_OF_NEIGHBOURS.filter((name) => results.some((result) => countOf(result, name) !== null)).map((name) =>
      figure(name, t(`predict.column.${name}`), (result) => countOf(result, name)),
    ),
    text("missing", t("predict.diagnostic.missing"), (result) => result.missing.map(columnName).join(", ")),
    text("error", t("predict.column.error"), (result) => result.error),
  ];
}

/** The label that the file gives: a class, or the table's own words. */
function ownLabel() {
  const shown = ({ ownLabel: label }) => (CLASSES.includes(label) ? className(label) : label);
  return {
    key: "ownLabel",
    title: t("predict.column.ownLabel"),
    isNumber: false,
    valueOf: shown,
    cell: (result) =>
      CLASSES.includes(result.ownLabel)
        ? html`<${ClassMark} label=${result.ownLabel} />`
        : (result.ownLabel ?? "–"),
  };
}

/** A catalogue's own columns, under their own names. */
export function ownColumns(header) {
  return header.map((name, at) => ({
    key: `own${at}`,
    title: html`<code>${name}</code>`,
    isNumber: false,
    valueOf: ({ cells }) => asNumber(cells[at]) ?? cells[at],
    cell: ({ cells }) => cells[at],
  }));
}

function countOf({ relations }, name) {
  return relations?.[name] ?? null;
}

function figure(key, title, valueOf, digits = 5) {
  return { key, title, isNumber: true, valueOf, cell: (result) => significant(valueOf(result), digits) };
}

function text(key, title, valueOf) {
  return { key, title, isNumber: false, valueOf, cell: valueOf };
}

function yesNo(value) {
  return value === null || value === undefined ? "–" : t(value ? "yes" : "no");
}
