// Where a number stands among those of planets.

import "./browser.js";

import assert from "node:assert/strict";
import { test } from "node:test";

import { placeOf } from "../../frontend/dataset-rows/usual.js";

const planets = { p10: -1, median: 2, p90: 5, rows: 40 };

test("a value outside the range of planets is above or below it", () => {
  assert.equal(placeOf(5.001, planets), "above");
  assert.equal(placeOf(-1.001, planets), "below");
});

test("the ends of the range are in it", () => {
  for (const value of [-1, 0, 5]) assert.equal(placeOf(value, planets), null);
});

test("nothing is said of an unknown number, nor where too few planets are known", () => {
  assert.equal(placeOf(null, planets), null);
  assert.equal(placeOf(7, null), null);
  assert.equal(placeOf(7, undefined), null);
});
