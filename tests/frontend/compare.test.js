// Sessions side by side: why their test stars differ, and what makes them the same.

import "./browser.js";

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { settingRows } from "../../frontend/compare/compared-settings.js";
import { againOn, groupByTestRows, reasonsOf } from "../../frontend/compare/same-stars.js";
import { speak } from "./words.js";

before(() => speak("en"));

const SPEC = { dataset_sha256: "a", seed: 1, test_split: 0.15, validation_split: 0.15, grouping: "star" };

const tested = (id, rows, spec = {}) => ({
  id,
  session: { id, dataset_id: 7, spec: { ...SPEC, ...spec } },
  evaluation: { test_rows_sha256: rows, n_test: 60 },
});

test("why the test stars differ is named by the settings that choose them, and by no others", () => {
  assert.deepEqual(reasonsOf([tested(1, "x"), tested(2, "y", { seed: 2, epochs: 5 })]), ["seed"]);
  const both = [tested(1, "x"), tested(2, "y", { dataset_sha256: "b", test_split: 0.2 })];
  assert.deepEqual(reasonsOf(both), ["dataset_sha256", "test_split"]);
  assert.deepEqual(reasonsOf([tested(1, "x"), { ...tested(2, null, { seed: 2 }), evaluation: null }]), []);
});

test("the next session that has other test stars is trained again on those of the first one", () => {
  const found = [tested(1, "x"), tested(2, "x"), tested(3, "y", { seed: 4, test_split: 0.3 })];
  const { session, first, changes } = againOn(found);
  assert.deepEqual([session.id, first.id], [3, 1]);
  assert.deepEqual(changes, { dataset: 7, seed: 1, test_split: 0.15, validation_split: 0.15 });
});

test("nothing can be trained again where the stars are the same, the dataset is gone or folds choose them", () => {
  assert.equal(againOn([tested(1, "x"), tested(2, "x")]), null);
  const gone = tested(1, "x");
  gone.session.dataset_id = null;
  assert.equal(againOn([gone, tested(2, "y")]), null);
  assert.equal(againOn([tested(1, "x"), tested(2, "y", { fold: 1, folds: 5 })]), null);
  assert.equal(groupByTestRows([tested(1, "x"), tested(2, "x")]).areSame, true);
});

const rowOf = (name, ...specs) =>
  settingRows(specs.map((spec, place) => tested(place, "x", spec))).find((row) => row.name === name);

test("sessions that learnt with the table’s weights and without them are told apart", () => {
  const { title, differs, cells } = rowOf("weights", { use_weights: true }, { use_weights: false });
  assert.deepEqual([title, differs], ["Learn with the rows’ weights", true]);
  assert.deepEqual(cells, [{ text: "yes" }, { text: "no" }]);
});

test("a session of a release that did not know a setting had it off", () => {
  for (const [name, field] of [["weights", "use_weights"], ["use_kinds", "use_kinds"]]) {
    assert.equal(rowOf(name, { [field]: false }, {}).differs, false, name);
    assert.equal(rowOf(name, { [field]: true }, {}).differs, true, name);
    assert.equal(rowOf(name, {}, {}).cells[0].text, "no", name);
  }
});
