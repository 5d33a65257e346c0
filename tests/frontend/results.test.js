// Predicted candidates: from the server's CSV, filtered, sorted, counted, and back to a CSV.

import assert from "node:assert/strict";
import { test } from "node:test";

import { columnsOf, dialectOf, readAnswer } from "../../frontend/batch/batch-answer.js";
import { COLUMNS } from "../../frontend/lib/columns.js";
import { asNumber, asText, namesIn } from "../../frontend/results/catalogue.js";
import {
  ADDED,
  candidateOf,
  countResults,
  csvResults,
  EXPORT_HEADER,
  exportRow,
  filtered,
  NO_FILTER,
  savedResult,
  sorted,
} from "../../frontend/results/results.js";

const HEADER = ["kepid", "kepoi_name", "koi_period", "koi_duration", "koi_depth", "koi_disposition"];

const ADDED_CELLS = {
  predicted_label: "CONFIRMED",
  p_candidate: "0.1",
  p_confirmed: "0.8",
  p_false_positive: "0.1",
  predicted_period: "9.5",
  predicted_depth_ppm: "600",
  uncertain: "no",
  density_ratio: "1.2",
  planet_radius_earth: "2.3",
  is_grazing: "yes",
  single_transit_snr: "",
  missing_inputs: "impact;snr",
  outside_training_range: "",
  prediction_error: "",
};

const cells = (own, added = {}) => [...own, ...ADDED.map((name) => ({ ...ADDED_CELLS, ...added })[name])];

const COLUMNS_READ = columnsOf("period=2;decimal=dot, duration=3;decimal=dot, depth=4;decimal=dot, label=5, star=0");

const read = csvResults(HEADER, COLUMNS_READ);

const PLANET = read(cells(["10797460", "K00752.01", "9.488", "2.95", "615.8", "CONFIRMED"]), 0);
const FAILED = read(
  cells(["11", "", "long", "2", "100", "CANDIDATE"], {
    predicted_label: "",
    p_candidate: "",
    p_confirmed: "",
    p_false_positive: "",
    uncertain: "",
    prediction_error: "period: expected a number",
  }),
  1,
);

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

test("a text loses only the apostrophe that keeps a spreadsheet from running it", () => {
  assert.equal(asText("'=1+1"), "=1+1");
  assert.equal(asText("'t Hooft"), "'t Hooft");
});

test("a record of the server's CSV becomes a result", () => {
  assert.equal(PLANET.name, "K00752.01");
  assert.equal(PLANET.star, "10797460");
  assert.equal(PLANET.values.period, 9.488);
  assert.equal(PLANET.values.impact, null);
  assert.deepEqual(PLANET.probabilities, [0.1, 0.8, 0.1]);
  assert.equal(PLANET.uncertain, false);
  assert.equal(PLANET.diagnostics.is_grazing, true);
  assert.deepEqual(PLANET.missing, ["impact", "snr"]);
  assert.deepEqual(PLANET.outside, []);
  assert.equal(PLANET.error, null);
});

test("a row that was not predicted keeps what the file has where a number should be", () => {
  assert.equal(FAILED.label, null);
  assert.equal(FAILED.error, "period: expected a number");
  assert.deepEqual(FAILED.garbled, { period: "long" });
  assert.deepEqual(candidateOf(FAILED).period, "long");
  assert.equal(FAILED.name, "11");
  assert.deepEqual(read(cells(["1", "K1", "3", "2", "about 100", "CONFIRMED"]), 0).garbled, {});
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
    missing: ["snr"],
    diagnostics: { is_grazing: false, outside_training_range: [{ column: "depth" }] },
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
});

test("a saved candidate may be anything", () => {
  for (const candidate of [null, "text", 5]) {
    const result = savedResult(candidate, { error: "no period" }, 3);
    assert.equal(result.star, "");
    assert.equal(result.error, "no period");
    assert.deepEqual(result.probabilities, [null, null, null]);
  }
});

test("the server's CSV is read into results, counts and the table's own header", async () => {
  const lines = [
    [...HEADER, ...ADDED],
    cells(["1", "K1", "3", "2", "100", "CONFIRMED"]),
    cells(["2", "K2", "4", "2", "100", "CANDIDATE"], { uncertain: "yes" }),
  ];
  const blob = new Blob([lines.map((each) => each.join(",")).join("\n")]);
  const answer = await readAnswer(blob, { source: "koi", columns: COLUMNS_READ, dialect: dialectOf(null) });
  assert.deepEqual(answer.header, HEADER);
  assert.equal(answer.source, "koi");
  assert.equal(answer.labelColumn, "koi_disposition");
  assert.deepEqual(answer.results.map((each) => [each.place, each.name]), [[0, "K1"], [1, "K2"]]);
  assert.deepEqual(answer.counts, { classes: { CONFIRMED: 2 }, uncertain: 1, errors: 0, all: 2 });
});

test("a number is read with the decimal sign that the server has found for its column", () => {
  const cases = [
    ["6.161", "dot", 6.161],
    ["6.161", "comma", 6161],
    ["6.161", "unknown", null],
    ["21.967.461", "unknown", null],
    ["6.161,24", "comma", 6161.24],
    ["6,161.24", "dot", 6161.24],
    ["6,161", "dot", 6161],
    ["6161,24", "unknown", 6161.24],
    ["6161.24", "unknown", 6161.24],
    ["6.161,24", "unknown", 6161.24],
    ["6161.24", "comma", null],
    ["6161,24", "dot", null],
    ["6\u00a0161,5", "comma", 6161.5],
    ["0,689", "comma", 0.689],
    ["9,48", undefined, 9.48],
    ["9.48", undefined, 9.48],
    ["nan", "comma", null],
  ];
  for (const [cell, sign, value] of cases) assert.equal(asNumber(cell, sign), value, `${cell} ${sign}`);
});

test("the server's header says where our columns are and how they were read", () => {
  assert.deepEqual(columnsOf("depth=4;decimal=comma;factor=10000, label=5"), {
    depth: { at: 4, decimal: "comma", factor: 10000 },
    label: { at: 5, decimal: undefined, factor: 1 },
  });
  assert.deepEqual(columnsOf(null), {});
  const percent = csvResults(HEADER, columnsOf("period=2;decimal=dot, depth=4;decimal=comma;factor=10000"));
  const row = cells(["1", "K00001.01", "9.488", "2.95", "0,08", "CONFIRMED"]);
  assert.equal(percent(row, 0).values.depth, 800);
  assert.equal(percent(row, 0).values.period, 9.488);
  assert.equal(percent(row, 0).values.duration, null);
});

test("an answer in the dialect of a spreadsheet is read in it", async () => {
  const dialect = dialectOf("separator=semicolon, decimal=comma");
  assert.deepEqual(dialect, { separator: ";", decimal: "comma" });
  assert.deepEqual(dialectOf("separator=tab, decimal=dot"), { separator: "\t", decimal: "dot" });
  const columns = columnsOf("period=0;decimal=comma, depth=1;decimal=comma");
  const added = { p_candidate: "0,25", p_confirmed: "0,5", missing_inputs: '"impact;snr"' };
  const lines = [
    ["period", "depth", ...ADDED],
    cells(["9,05", "6.161"], added),
  ];
  const blob = new Blob([lines.map((each) => each.join(";")).join("\n")]);
  const { results } = await readAnswer(blob, { source: "koi", columns, dialect });
  assert.deepEqual(results[0].values.depth, 6161);
  assert.deepEqual(results[0].values.period, 9.05);
  assert.deepEqual(results[0].probabilities.slice(0, 2), [0.25, 0.5]);
  assert.deepEqual(results[0].missing, ["impact", "snr"]);
});
