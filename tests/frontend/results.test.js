// Predicted candidates: from the server's CSV, filtered, sorted, counted, and back to a CSV.

import assert from "node:assert/strict";
import { test } from "node:test";

import { sortAfterClick } from "../../frontend/results/sorting.js";
import { addressOf, askedOf, nextSort, viewOf } from "../../frontend/batch/batch-query.js";
import { COLUMNS } from "../../frontend/lib/columns.js";
import { asNumber, namesIn } from "../../frontend/results/catalogue.js";
import {
  ADDED,
  batchResult,
  candidateOf,
  countResults,
  EXPORT_HEADER,
  exportRow,
  filtered,
  NO_FILTER,
  savedResult,
  sorted,
} from "../../frontend/results/results.js";

const HEADER = ["kepid", "kepoi_name", "koi_period", "koi_duration", "koi_depth", "koi_disposition"];

const TABLE = { fields: { star: { at: 0 }, period: { at: 2 }, duration: { at: 3 }, depth: { at: 4 }, label: { at: 5 } } };

const UNKNOWN = Object.fromEntries(COLUMNS.map((name) => [name, null]));

/** A row as the server answers it. */
const ROW = {
  row: 0,
  line: 2,
  name: "K00752.01",
  star: "10797460",
  label: "CONFIRMED",
  values: { ...UNKNOWN, period: 9.488, duration: 2.95, depth: 615.8 },
  predicted_label: "CONFIRMED",
  probabilities: { CANDIDATE: 0.1, CONFIRMED: 0.8, "FALSE POSITIVE": 0.1 },
  predicted_period: 9.5,
  predicted_depth_ppm: 600,
  uncertain: false,
  density_ratio: 1.2,
  planet_radius_earth: 2.3,
  is_grazing: true,
  single_transit_snr: null,
  missing_inputs: ["impact", "snr"],
  outside_training_range: [],
  sparse: true,
  trained_on_simulated: true,
  prediction_error: null,
  cells: ["10797460", "K00752.01", "9.488", "2.95", "615.8", "CONFIRMED"],
};

const PLANET = { ...batchResult(ROW, TABLE), words: "k00752.01" };
const FAILED = {
  ...batchResult(
    {
      ...ROW,
      row: 1,
      name: "",
      star: "11",
      label: "CANDIDATE",
      values: { ...UNKNOWN, duration: 2, depth: 100 },
      predicted_label: null,
      probabilities: { CANDIDATE: null, CONFIRMED: null, "FALSE POSITIVE": null },
      uncertain: null,
      prediction_error: "period: expected a number",
      cells: ["11", "", "long", "2", "100", "CANDIDATE"],
    },
    TABLE,
  ),
  words: "",
};

test("the columns that name a candidate are found, the most informative first", () => {
  assert.deepEqual(namesIn(HEADER), [1]);
  assert.deepEqual(namesIn(["hostname", " TOI ", "period"]), [1, 0]);
  assert.deepEqual(namesIn(["period"]), []);
});

test("a cell is a number with a point or a comma, and null where nothing was measured", () => {
  assert.equal(asNumber("9.48"), 9.48);
  assert.equal(asNumber(" 9,48 "), 9.48);
  assert.equal(asNumber("'-1.5"), -1.5);
  for (const cell of ["", "NaN", "n/a", "--", "null", "text", undefined, "1e999"]) assert.equal(asNumber(cell), null);
});

test("a row of a predicted catalogue becomes a result, with the file's own label", () => {
  assert.equal(PLANET.name, "K00752.01");
  assert.equal(PLANET.star, "10797460");
  assert.equal(PLANET.ownLabel, "CONFIRMED");
  assert.equal(PLANET.values.period, 9.488);
  assert.equal(PLANET.values.impact, null);
  assert.deepEqual(PLANET.probabilities, [0.1, 0.8, 0.1]);
  assert.equal(PLANET.uncertain, false);
  assert.equal(PLANET.diagnostics.is_grazing, true);
  assert.deepEqual(PLANET.missing, ["impact", "snr"]);
  assert.deepEqual(PLANET.outside, []);
  assert.equal(PLANET.sparse, true);
  assert.equal(PLANET.error, null);
});

test("a row that was not predicted keeps what the file has where a number should be", () => {
  assert.equal(FAILED.label, null);
  assert.equal(FAILED.error, "period: expected a number");
  assert.deepEqual(FAILED.garbled, { period: "long" });
  assert.deepEqual(candidateOf(FAILED).period, "long");
  assert.equal(FAILED.name, "11");
  assert.deepEqual(batchResult({ ...ROW, values: UNKNOWN }, TABLE).garbled, {});
});

test("results are filtered by class, certainty, failure and words", () => {
  const all = [PLANET, FAILED];
  assert.deepEqual(filtered(all, NO_FILTER), all);
  assert.deepEqual(filtered(all, { ...NO_FILTER, label: "CONFIRMED" }), [PLANET]);
  assert.deepEqual(filtered(all, { ...NO_FILTER, isErrorOnly: true }), [FAILED]);
  assert.deepEqual(filtered(all, { ...NO_FILTER, isUncertainOnly: true }), []);
  assert.deepEqual(filtered(all, { ...NO_FILTER, words: " k00752 " }), [PLANET]);
});

test("what is unknown is last in either order, and names sort by their numbers", () => {
  const rows = ["K10", null, "K9"].map((name) => ({ name }));
  assert.deepEqual(sorted(rows, (row) => row.name, false).map((row) => row.name), ["K9", "K10", null]);
  assert.deepEqual(sorted(rows, (row) => row.name, true).map((row) => row.name), ["K10", "K9", null]);
  const numbers = [2, null, 10].map((value) => ({ value }));
  assert.deepEqual(sorted(numbers, (row) => row.value, true).map((row) => row.value), [10, 2, null]);
});

test("results are counted by class, and what failed apart", () => {
  const counts = countResults([PLANET, PLANET, { ...PLANET, uncertain: true, label: "CANDIDATE" }, FAILED]);
  assert.deepEqual(counts, { classes: { CONFIRMED: 2, CANDIDATE: 1 }, uncertain: 1, errors: 1, all: 4 });
});

test("a name has the star's beside it, without control characters, and fits the API", () => {
  assert.equal(candidateOf(PLANET).star, "K00752.01 (10797460)");
  assert.equal(candidateOf({ ...PLANET, name: "a\u0000b", star: "" }).star, "a b");
  assert.equal(candidateOf({ ...PLANET, name: "x".repeat(300), star: "" }).star.length, 200);
});

test("a saved candidate is exported under the same header as the server's CSV", () => {
  const prediction = {
    label_name: "CANDIDATE",
    probabilities: { CANDIDATE: 0.7, CONFIRMED: 0.2, "FALSE POSITIVE": 0.1 },
    uncertain: true,
    period: 3.4,
    depth_ppm: 900,
    simulated: true,
    light_curve: true,
    missing: ["snr"],
    diagnostics: { is_grazing: false, outside_training_range: [{ column: "depth" }], is_sparse: false },
  };
  const row = exportRow(savedResult({ star: 7, period: 3.5 }, prediction, 0));
  const byName = Object.fromEntries(EXPORT_HEADER.map((name, n) => [name, row[n]]));
  assert.equal(row.length, 1 + COLUMNS.length + ADDED.length);
  assert.equal(byName.star, "7");
  assert.equal(byName.period, 3.5);
  assert.equal(byName.p_confirmed, 0.2);
  assert.equal(byName.predicted_depth_ppm, 900);
  assert.equal(byName.uncertain, "yes");
  assert.equal(byName.is_grazing, "no");
  assert.equal(byName.missing_inputs, "snr");
  assert.equal(byName.outside_training_range, "depth");
  assert.equal(byName.sparse, "no");
  assert.equal(byName.light_curve, "yes");
  assert.equal(byName.trained_on_simulated, "yes");
});

test("a saved candidate may be anything", () => {
  for (const candidate of [null, "text", 5]) {
    const result = savedResult(candidate, { error: "no period" }, 3);
    assert.equal(result.star, "");
    assert.equal(result.error, "no period");
    assert.deepEqual(result.probabilities, [null, null, null]);
  }
});

test("an address says which rows of a catalogue are shown, and in which order", () => {
  const query = { words: "k 1&2", label: "CONFIRMED", uncertain: "1", min: "0.9", sort: "p1", desc: "1", page: "3" };
  const view = viewOf(query);
  assert.equal(view.page, 2);
  assert.deepEqual(Object.fromEntries(new URLSearchParams(addressOf(view))), query);
  assert.deepEqual(askedOf(view), {
    words: "k 1&2",
    predicted_label: "CONFIRMED",
    uncertain: true,
    error: null,
    min_confirmed: "0.9",
    sort: "p_confirmed",
    descending: true,
  });
});

test("an address that says nothing, or nonsense, shows all rows in the order of the file", () => {
  const all = Object.fromEntries(Object.keys(askedOf(viewOf({}))).map((name) => [name, null]));
  for (const query of [{}, { label: "X", min: "2", sort: "cells", page: "-1", uncertain: "yes" }, { page: "x" }]) {
    assert.deepEqual(askedOf(viewOf(query)), all);
    assert.equal(viewOf(query).page, 0);
    assert.equal(addressOf(viewOf(query)), "");
  }
});

test("a heading sorts up, then down, then as in the file", () => {
  const up = nextSort(viewOf({}).sort, "period");
  const down = nextSort(up, "period");
  assert.deepEqual([up.isDescending, down.isDescending], [false, true]);
  assert.deepEqual(nextSort(down, "period"), viewOf({}).sort);
});

test("the first click on a probability shows the highest ones, on another column the lowest", () => {
  const inOrder = { key: "place", isDescending: false };
  const clicks = (key) => [1, 2, 3].reduce((all) => [...all, sortAfterClick(all.at(-1), key, inOrder)], [inOrder]).slice(1);
  assert.deepEqual(clicks("p1"), [{ key: "p1", isDescending: true }, { key: "p1", isDescending: false }, inOrder]);
  assert.deepEqual(clicks("period"), [{ key: "period", isDescending: false }, { key: "period", isDescending: true }, inOrder]);
});
