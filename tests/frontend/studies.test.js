// Studies: what their form reads, and what the address says of the predictions.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import "./browser.js";
import { canBeCompared, placesOf } from "../../frontend/studies/comparable.js";
import { byVerdict, gridPlaces } from "../../frontend/studies/grid/grid-places.js";
import {
  addColumn,
  addSetting,
  changeSetting,
  gridOf,
  INITIAL_GRID,
  readGrid,
  removeColumn,
  removeSetting,
  withoutRelations,
} from "../../frontend/studies/grid/grid-settings.js";
import { sessionCount, settingText, sizeText } from "../../frontend/studies/study-kinds.js";
import { addressOf, askedOf, DOUBTS, ROWS, viewOf } from "../../frontend/studies/study-query.js";
import { INITIAL, readStudy, sessionsOf, studySettingsOf } from "../../frontend/studies/study-settings.js";
import { speak } from "./words.js";

before(() => speak("en"));

test("the form as it is at first can be started, and asks for neither a test fraction nor a model's name", () => {
  const { values, errors } = readStudy(INITIAL);
  assert.deepEqual(errors, {});
  assert.equal(sessionsOf(values), 5);
  assert.equal(values.name, "study");
  const names = studySettingsOf({ takes_relations: true }, INITIAL);
  for (const name of ["test_split", "model_name"]) {
    assert.ok(!(name in values));
    assert.ok(!names.includes(name));
  }
  assert.ok(names.includes("epochs"));
});

test("what the server would refuse is named at its field", () => {
  const texts = { name: "a b", folds: "1", seeds: "2.5", validation_split: "0.45", epochs: "many" };
  const { values, errors } = readStudy({ ...INITIAL, ...texts });
  assert.deepEqual(Object.keys(errors).sort(), Object.keys(texts).sort());
  for (const name of Object.keys(texts)) assert.ok(!(name in values));
  assert.equal(sessionsOf(values), null);
  assert.deepEqual(readStudy({ ...INITIAL, name: "x".repeat(48), folds: "20", seeds: "10" }).errors, {});
  assert.ok("name" in readStudy({ ...INITIAL, name: "x".repeat(49) }).errors);
});

test("an address gives the view that it was made from; what is wrong in one is as at first", () => {
  const view = { sort: "planet", label: "FALSE POSITIVE", page: 3 };
  const address = addressOf(ROWS, view);
  assert.deepEqual(address, { sort: "planet", label: "FALSE POSITIVE", page: "4" });
  assert.deepEqual(viewOf(ROWS, address), view);
  assert.deepEqual(askedOf(view), { sort: "planet", label: "FALSE POSITIVE" });
  const first = { sort: "row", label: "", page: 0 };
  assert.deepEqual(viewOf(ROWS, { sort: "star", label: "2", page: "-1" }), first);
  assert.deepEqual(viewOf(ROWS, { page: "99999999999" }), first);
  assert.deepEqual(addressOf(ROWS, first), { sort: null, label: null, page: null });
});

test("the two lists of a study stand side by side in its address", () => {
  const [rows, doubts] = [{ sort: "planet", label: "CANDIDATE", page: 1 }, { sort: "row", label: "CONFIRMED", page: 2 }];
  const address = { ...addressOf(ROWS, rows), ...addressOf(DOUBTS, doubts) };
  assert.deepEqual(viewOf(ROWS, address), rows);
  assert.deepEqual(viewOf(DOUBTS, address), doubts);
  assert.deepEqual(viewOf(DOUBTS, { doubted: "CANDIDATE" }), { sort: "margin", label: "", page: 0 });
});

test("only another study of the same table and groups, of which something has completed, is offered", () => {
  const settings = { dataset_sha256: "a", grouping: "rows" };
  const study = { id: 1, kind: "folds", settings, counts: { completed: 0 } };
  const other = { ...study, id: 2, counts: { completed: 1 } };
  assert.ok(canBeCompared(study, other));
  assert.ok(!canBeCompared(study, { ...other, id: 1 }));
  assert.ok(!canBeCompared(study, { ...other, kind: "grid" }));
  assert.ok(!canBeCompared(study, { ...other, counts: { completed: 0 } }));
  for (const [name, value] of [["dataset_sha256", "b"], ["grouping", "ephemeris"]]) {
    assert.ok(!canBeCompared(study, { ...other, settings: { ...settings, [name]: value } }));
  }
});

test("in a plot of differences better is to the right, whether more or less of a figure is better", () => {
  const better = { verdict: "better", difference: -0.2, interval: [-0.4, -0.1] };
  const places = placesOf({
    log_loss: better,
    accuracy: { verdict: "cannot_tell", difference: 0.1, interval: [-0.1, 0.2] },
    roc_auc: { verdict: "cannot_tell", difference: null, interval: null },
  });
  const known = Object.fromEntries(places.map(({ figure, at, low, high }) => [figure.name, [low, at, high]]));
  assert.deepEqual(known, { log_loss: [0.25, 0.5, 1], accuracy: [-0.25, 0.25, 0.5] });
});

const BASE = { ...INITIAL, network: "transit_cnn" };
const gridText = (columns, ...rows) =>
  JSON.stringify({ columns, rows: rows.map(([values, label = ""]) => ({ label, values })) });

test("a setting of a grid is what differs from the base; what is empty or equal to it is not sent", () => {
  const columns = ["learning_rate", "epochs", "use_relations", "network"];
  const text = gridText(
    columns,
    [{ learning_rate: "0,01", epochs: "" }],
    [{ learning_rate: "0.0020", epochs: "7" }, " short "],
    [{ network: "transit_cnn_catalogue", use_relations: "false" }],
  );
  assert.deepEqual(readGrid(text, BASE), {
    settings: [
      { learning_rate: 0.01 },
      { epochs: 7, label: "short" },
      { use_relations: false, network: "transit_cnn_catalogue" },
    ],
    errors: {},
  });
});

test("a setting that is wrong, the base or another one is named as the server names it", () => {
  const text = gridText(
    ["learning_rate", "epochs"],
    [{ learning_rate: "5" }],
    [{ epochs: "50" }],
    [{ epochs: "7" }],
    [{ epochs: "7" }],
    [{ epochs: "8" }, "x".repeat(61)],
  );
  const { errors } = readGrid(text, BASE);
  const fields = ["settings.0.learning_rate", "settings.1", "settings.3", "settings.4.label"];
  assert.deepEqual(Object.keys(errors).sort(), fields);
  assert.match(errors["settings.3"], /setting 3/);
});

test("settings and columns are added and removed; a column takes its values with it", () => {
  let grid = addSetting(addColumn(gridOf(INITIAL_GRID), "epochs"));
  grid = changeSetting(grid, 1, { values: { epochs: "3", learning_rate: "0.1" } });
  assert.deepEqual(removeColumn(grid, "learning_rate"), {
    columns: ["epochs"],
    rows: [{ label: "", values: {} }, { label: "", values: { epochs: "3" } }],
  });
  assert.deepEqual(removeSetting(grid, 0).rows, [grid.rows[1]]);
  assert.deepEqual(gridOf("not JSON"), gridOf(INITIAL_GRID));
});

test("the form of a grid asks for a test fraction that is not 0, and counts the base", () => {
  const texts = { ...INITIAL, kind: "grid", seeds: "2", settings: gridText(["epochs"], [{ epochs: "3" }]) };
  const { values, errors } = readStudy(texts, "transit_cnn");
  assert.deepEqual(errors, {});
  assert.equal(sessionsOf(values), 4);
  assert.deepEqual([values.kind, values.test_split, values.settings], ["grid", 0.15, [{ epochs: 3 }]]);
  assert.ok("test_split" in readStudy({ ...texts, test_split: "0" }, "transit_cnn").errors);
  assert.ok(studySettingsOf({ takes_relations: false }, texts).includes("test_split"));
});

test("a network that sees no relations is not asked to, where the base is", () => {
  const networks = [
    { name: "plain", takes_relations: false },
    { name: "related", takes_relations: true },
  ];
  const base = { network: "related", use_relations: true };
  assert.equal(withoutRelations({ network: "plain" }, base, networks).use_relations, false);
  assert.deepEqual(withoutRelations({ epochs: 3 }, base, networks), { epochs: 3 });
  const seesNone = { network: "related", use_relations: false };
  assert.deepEqual(withoutRelations({ network: "plain" }, seesNone, networks), { network: "plain" });
});

test("the differences of a grid share one scale, with better to the right", () => {
  const of = (difference, low, high, verdict) => ({ log_loss: { difference, interval: [low, high], verdict } });
  const settings = [
    { setting: 0, differences: null },
    { setting: 1, differences: of(-0.2, -0.4, -0.1, "better") },
    { setting: 2, differences: of(0.1, -0.1, 0.2, "cannot_tell") },
    { setting: 3, differences: { log_loss: { difference: null, interval: null, verdict: "cannot_tell" } } },
  ];
  const log_loss = { name: "log_loss", better: -1 };
  assert.deepEqual(gridPlaces(settings, log_loss), [
    { setting: 1, at: 0.5, low: 0.25, high: 1, verdict: "better" },
    { setting: 2, at: -0.25, low: -0.5, high: 0.25, verdict: "cannot_tell" },
  ]);
  assert.deepEqual(byVerdict(settings, log_loss), { better: [1], worse: [], cannot_tell: [2, 3] });
});

test("a study says how large it is, of whichever kind", () => {
  const folds = { folds: 5, differences: null, seeds: [0] };
  const changes = { learning_rate: 0.01, use_relations: true };
  const made = { label: "learning_rate 0.01, use_relations on", changes };
  const grid = { folds: null, differences: [made, { label: "long", changes }], seeds: [0, 1] };
  assert.deepEqual([sizeText(folds), sessionCount(folds)], ["5 folds × 1 seed", 5]);
  assert.deepEqual([sizeText(grid), sessionCount(grid)], ["3 settings × 2 seeds", 6]);
  const said = "Learning rate: 0.01, Learn from relations: on";
  assert.deepEqual([0, 1, 2].map((setting) => settingText(grid, setting)), ["Base", said, "long"]);
});
