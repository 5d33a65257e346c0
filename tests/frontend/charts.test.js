// What a plot shows of few points: a dot for one that no line reaches, and axes that are not empty.

import assert from "node:assert/strict";
import { test } from "node:test";

import { lonePoints, stepsIn } from "../../frontend/ui/chart-marks.js";
import { rowsOfTable } from "../../frontend/ui/chart-rows.js";
import { isZoomedIn, shownRange, wholeRange } from "../../frontend/ui/chart-steering.js";

const plot = (xs, scale = {}) => ({ data: [xs], scales: { x: scale } });

test("a point that no line reaches is drawn as a dot", () => {
  assert.deepEqual(lonePoints([0.5]), [0]);
  assert.deepEqual(lonePoints([0.5, null, null]), [0], "one epoch beside a longer session");
  assert.deepEqual(lonePoints([0.5, 0.4, null, 0.3, null]), [3], "between two gaps");
  assert.deepEqual(lonePoints([undefined, 0.5, undefined]), [1], "beside points of another line");
});

test("points that a line joins are not", () => {
  assert.equal(lonePoints([0.5, 0.4]), null);
  assert.equal(lonePoints([0.5, undefined, 0.4]), null);
  assert.equal(lonePoints([null, undefined]), null);
  assert.equal(lonePoints([]), null);
});

test("the axis of one point is not empty, whatever is asked for", () => {
  for (const asked of [[0, 2], [1, 1], [0.5, 1.5]]) {
    assert.deepEqual(shownRange(plot([1]), ...asked), [0, 2]);
    assert.deepEqual(shownRange(plot([10], { distr: 3 }), ...asked), [1, 100]);
    assert.deepEqual(shownRange(plot([1], { wanted: [0, 1] }), ...asked), [0, 1], "a given range");
  }
  assert.equal(isZoomedIn(plot([1], { min: 0, max: 2 })), false);
});

test("the ends of the data stand for the whole axis, and anything else for itself", () => {
  assert.deepEqual(shownRange(plot([1, 2, 3]), 1, 3), [1, 3]);
  assert.deepEqual(shownRange(plot([0.2, 0.9], { wanted: [0, 1] }), 0.2, 0.9), [0, 1]);
  assert.deepEqual(shownRange(plot([0.2, 0.9], { wanted: [0, 1] }), 0.4, 0.9), [0.4, 0.9]);
  assert.deepEqual(shownRange(plot([]), null, null), [null, null]);
  assert.deepEqual(wholeRange(plot([])), [undefined, undefined]);
});

test("a step is as wide as its bin, whatever points of another line lie in it", () => {
  const xs = [0, 0.5, 1, 1.5, 2, 3];
  const ys = [5, undefined, 6, undefined, 7, 8];
  assert.deepEqual(stepsIn(xs, ys, 0, 5), [[-0.5, 0.5, 5], [0.5, 1.5, 6], [1.5, 2.5, 7], [2.5, 3.5, 8]]);
});

test("of a plot that is zoomed the bins that reach into it are drawn", () => {
  const steps = stepsIn([0, 1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4, 5, 6], 3, 3);
  assert.deepEqual(steps.map(([, , y]) => y), [2, 3, 4]);
  assert.deepEqual(stepsIn([0, 1], [undefined, undefined], 0, 1), []);
});

test("the table of many points is thinned, but keeps every point of a line that has few", () => {
  const dense = Array.from({ length: 650 }, (_, n) => n);
  assert.equal(rowsOfTable(650, [dense]).length, 325);
  assert.equal(rowsOfTable(13, [dense.slice(0, 13)]).length, 13);
  const bins = dense.map((n) => (n % 50 === 7 ? n : undefined));
  const shown = rowsOfTable(650, [dense, bins]);
  for (const n of dense.filter((each) => each % 50 === 7)) assert.ok(shown.includes(n), String(n));
  assert.ok(shown.length < 345);
});
