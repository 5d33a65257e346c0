// The metrics of an evaluation: their values, intervals, and how two compare.

import assert from "node:assert/strict";
import { test } from "node:test";

import { BRIEF, compare, HEADLINE, valueOf } from "../../frontend/lib/figures.js";
import { speak } from "./words.js";

const EVALUATION = {
  accuracy: 0.8123,
  macro_f1: 0.75,
  log_loss: 0.5,
  ece: 0.03,
  roc_auc: { macro: 0.9 },
  recall_at_precision: { recall: 0.4, threshold: 0.97 },
  intervals: { accuracy: [0.78, 0.84], roc_auc: { macro: [0.88, 0.92] }, recall_at_precision: [0.3, 0.5] },
};

const named = (name) => HEADLINE.find((each) => each.name === name);

test("every headline metric is found in an evaluation, with its interval where it has one", () => {
  const found = Object.fromEntries(HEADLINE.map((figure) => [figure.name, valueOf(figure, EVALUATION)]));
  assert.deepEqual(found.accuracy, { value: 0.8123, interval: [0.78, 0.84] });
  assert.deepEqual(found.roc_auc, { value: 0.9, interval: [0.88, 0.92] });
  assert.deepEqual(found.recall_at_precision, { value: 0.4, interval: [0.3, 0.5] });
  assert.deepEqual(found.ece, { value: 0.03, interval: null });
});

test("a metric that an evaluation lacks is null, without an interval", () => {
  for (const figure of HEADLINE) assert.deepEqual(valueOf(figure, {}), { value: null, interval: null });
  const undefinedRecall = { recall_at_precision: null, intervals: { recall_at_precision: [0, 1] } };
  assert.deepEqual(valueOf(named("recall_at_precision"), undefinedRecall), { value: null, interval: null });
});

test("shares are written as percentages, the others with three decimals", async () => {
  await speak("en");
  assert.deepEqual(BRIEF.map((figure) => figure.write(figure.of(EVALUATION))), ["81.2%", "0.750", "0.500"]);
});

test("a lower log loss is better, a higher accuracy is", () => {
  const low = { value: 0.4, interval: [0.35, 0.45] };
  const high = { value: 0.6, interval: [0.55, 0.65] };
  assert.deepEqual(compare(named("log_loss"), low, high), { side: "better", chance: "apart" });
  assert.deepEqual(compare(named("accuracy"), low, high), { side: "worse", chance: "apart" });
});

test("intervals that touch overlap, and without both nothing is said of chance", () => {
  const one = { value: 0.4, interval: [0.3, 0.5] };
  assert.equal(compare(named("accuracy"), one, { value: 0.6, interval: [0.5, 0.7] }).chance, "overlap");
  assert.equal(compare(named("accuracy"), one, { value: 0.2, interval: [0.1, 0.3] }).chance, "overlap");
  assert.equal(compare(named("accuracy"), one, { value: 0.6, interval: null }).chance, "unknown");
  assert.equal(compare(named("accuracy"), one, { value: 0.4, interval: [0.3, 0.5] }).side, "equal");
  assert.equal(compare(named("accuracy"), one, { value: null, interval: null }), null);
});
