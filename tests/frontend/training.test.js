// The form of a session: the settings that are typed, and what the session will take.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { expectedTime, labelledRows, splitRows } from "../../frontend/training/form/training-estimate.js";
import { INITIAL_TEXTS, readSettings, SETTINGS, settingsOf } from "../../frontend/training/form/training-settings.js";
import { speak } from "./words.js";

before(() => speak("en"));

test("the defaults are valid settings", () => {
  const { values, errors } = readSettings(INITIAL_TEXTS);
  assert.deepEqual(errors, {});
  for (const [name, { initial }] of Object.entries(SETTINGS)) assert.equal(values[name], initial);
});

test("each setting out of its range is named, with the range", () => {
  const typed = { ...INITIAL_TEXTS, epochs: "0", seed: "1.5", learning_rate: "fast", model_name: "a b", test_split: "0" };
  const { values, errors } = readSettings(typed);
  assert.deepEqual(Object.keys(errors).sort(), ["epochs", "learning_rate", "model_name", "seed"]);
  assert.match(errors.epochs, /From 1 to 1,000\./);
  assert.equal(values.test_split, 0);
});

test("what is on or off is read as such", () => {
  assert.equal(readSettings(INITIAL_TEXTS).values.use_relations, true);
  assert.equal(readSettings({ ...INITIAL_TEXTS, use_relations: "false" }).values.use_relations, false);
});

test("relations are a setting of networks that take them, and come before the star's uncertainties", () => {
  const named = (takes, texts) =>
    settingsOf({ takes_relations: takes }, { ...INITIAL_TEXTS, ...texts }).filter((name) => name.startsWith("use_"));
  assert.deepEqual(named(false, { use_relations: "true" }), []);
  assert.deepEqual(named(true, { use_relations: "false" }), ["use_relations"]);
  assert.deepEqual(named(true, { use_relations: "true" }), ["use_relations", "use_stellar_uncertainties"]);
});

test("a decimal comma is understood", () => {
  assert.equal(readSettings({ ...INITIAL_TEXTS, learning_rate: "0,01" }).values.learning_rate, 0.01);
});

test("validation and test together leave something to train on", () => {
  const held = (share) => readSettings({ ...INITIAL_TEXTS, validation_split: share, test_split: share }).errors;
  assert.deepEqual(held("0.45"), {});
  assert.match(held("0.46").test_split, /0\.92/);
});

test("only labelled rows count, and they are shared out without a rest", () => {
  assert.equal(labelledRows({ class_counts: { CANDIDATE: 3, CONFIRMED: 4, other: 50 } }), 7);
  assert.deepEqual(splitRows(101, { validation_split: 0.15, test_split: 0.2 }), { train: 66, validation: 15, test: 20 });
});

const session = (network, epochSeconds, more = {}) => ({
  spec: { network, ensemble: 1 },
  metrics: { epoch_seconds: epochSeconds },
  dataset_size: 100,
  epochs_completed: 10,
  started_at: "2026-11-25T10:00:00Z",
  completed_at: "2026-11-25T10:01:00Z",
  ...more,
});

test("the time is estimated from sessions with the same network, by rows and networks", () => {
  const wanted = { network: "a", epochs: 20, ensemble: 2, rows: 200 };
  const found = expectedTime([session("a", 1), session("a", 3), session("a", 2), session("b", 50)], wanted);
  assert.equal(found.isSameNetwork, true);
  assert.equal(found.count, 3);
  assert.equal(found.epochSeconds, 8); // the median, 2 s for 100 rows, twice the rows and two networks
  assert.equal(found.restSeconds, 40); // the median of 60 s less ten epochs
  assert.equal(found.seconds, 200);
});

test("sessions of other networks are used if there are none of the same, and interrupted ones never", () => {
  const wanted = { network: "a", epochs: 1, ensemble: 1, rows: 100 };
  assert.equal(expectedTime([session("b", 4)], wanted).isSameNetwork, false);
  assert.equal(expectedTime([session("a", 4, { training: { resumed_from_epoch: 3 } })], wanted), null);
  assert.equal(expectedTime([], wanted), null);
});
