// Studies: what their form reads, and what the address says of the predictions.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { canBeCompared, placesOf } from "../../frontend/studies/comparable.js";
import { addressOf, askedOf, viewOf } from "../../frontend/studies/study-query.js";
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
  const address = addressOf(view);
  assert.deepEqual(address, { sort: "planet", label: "FALSE POSITIVE", page: "4" });
  assert.deepEqual(viewOf(address), view);
  assert.deepEqual(askedOf(view), { sort: "planet", label: "FALSE POSITIVE" });
  const first = { sort: "row", label: "", page: 0 };
  assert.deepEqual(viewOf({ sort: "star", label: "2", page: "-1" }), first);
  assert.deepEqual(addressOf(first), { sort: null, label: null, page: null });
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
