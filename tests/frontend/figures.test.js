// The metrics of an evaluation: their values, intervals, and how two compare.

import assert from "node:assert/strict";
import { test } from "node:test";

import { against, baselinesOf, BRIEF, HEADLINE, signed, valueOf } from "../../frontend/lib/figures.js";
import { biasesText } from "../../frontend/lib/biases.js";
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

test("what trees are compared by was measured by the server, and an earlier version measured nothing", () => {
  const paired = { log_loss: { verdict: "better", difference: -0.1, interval: [-0.2, -0.05] } };
  const trees = { ...EVALUATION, log_loss: 0.6 };
  assert.deepEqual(against(named("log_loss"), EVALUATION, { ...trees, paired }), paired.log_loss);
  const found = against(named("log_loss"), EVALUATION, trees);
  assert.equal(found.verdict, "not_measured");
  assert.ok(Math.abs(found.difference + 0.1) < 1e-9);
  assert.equal(against(named("log_loss"), EVALUATION, { ...trees, log_loss: null }), null);
});

test("trees that are the same are one baseline", () => {
  const [one, other] = [{ accuracy: 0.7 }, { accuracy: 0.8 }];
  const named = (same_information, all_columns) => baselinesOf({ baseline: { same_information, all_columns } });
  assert.deepEqual(named(one, other), ["same_information", "all_columns"]);
  assert.deepEqual(named(one, { ...one }), ["all_columns"]);
  assert.deepEqual(baselinesOf({ baseline: null }), []);
});

test("a difference has a sign", async () => {
  await speak("en");
  assert.equal(signed(named("log_loss"), 0.0123), "+0.012");
  assert.equal(signed(named("log_loss"), -0.0123), "−0.012");
  assert.equal(signed(named("accuracy"), -0.015), "−1.5%");
  assert.equal(signed(named("accuracy"), 0), "0.0%");
});

test("class biases are written with their class and their sign", async () => {
  await speak("en");
  const biases = { CANDIDATE: 0.3051, CONFIRMED: -0.2, "FALSE POSITIVE": 0 };
  assert.equal(biasesText(biases), "Candidate +0.31, Confirmed −0.20, False positive 0.00");
});
