// What is said of the period that a network estimates: whether this one was told it.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { periodText } from "../../frontend/predict/inferred.js";
import { speak } from "./words.js";

const FROM_THE_STAR = /comes from the transit’s shape and the star/;

const named = (...names) => names.map((name) => ({ name }));

before(() => speak("en"));

test("a network that sees the catalogue is told the period, in one of its inputs", () => {
  const text = periodText(named("curve_input", "feat_input", "catalogue_input"));
  assert.match(text, /told the period in one of its 3 inputs/);
  assert.doesNotMatch(text, /is not told/);
  assert.match(text, FROM_THE_STAR);
});

test("any other network is not told it", () => {
  const text = periodText(named("curve_input", "feat_input"));
  assert.match(text, /is not told the period/);
  assert.match(text, FROM_THE_STAR);
});

test("of a model that is gone neither is said", () => {
  for (const inputs of [undefined, []]) {
    assert.doesNotMatch(periodText(inputs), /told/);
    assert.match(periodText(inputs), FROM_THE_STAR);
  }
});
