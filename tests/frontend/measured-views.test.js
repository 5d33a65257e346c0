import assert from "node:assert/strict";
import { test } from "node:test";

import { VIEWS, WITH_POINTS } from "../../frontend/dataset-rows/measured-views.js";

const bins = { at: [-0.25, 0, 0.25], flux: [1, 0.999, 1], count: [3, 3, 0] };
const prepared = {
  ...{ epoch: 100, period: 4, duration: 6 },
  views: { local_view: bins, global_view: bins, odd_view: bins, even_view: bins, secondary_view: bins },
};
// In orbits after mid-transit: 0.025, -0.25, 0.5 or -0.5, -0.025, of transits 0, 1, 1, 2.
const series = { time: [100.1, 103, 106, 107.9], flux: [0.999, 1.0002, 1.0001, 0.998] };
const data = { prepared, series };

test("single points are folded behind the bins: of the transit in hours, of the whole orbit in orbits", () => {
  const [near, inBins] = VIEWS.transit(data, null, true).lines;
  assert.deepEqual(near.x.map(rounded), [-2.4, 2.4]); // others are farther than 2.5 durations
  assert.deepEqual(near.y.map(rounded), [-2000, -1000]);
  assert.equal(near.isFaint, true);
  assert.deepEqual(inBins.x, [-1.5, 0]); // a bin without a point is guessed
  const [all] = VIEWS.orbit(data, null, true).lines;
  assert.deepEqual(all.x.map(rounded).map(Math.abs).sort(), [0.025, 0.025, 0.25, 0.5]);
  assert.ok(all.x.every((at, n) => n === 0 || at >= all.x[n - 1]));
});

test("without single points the bins are the only measured ones", () => {
  for (const name of WITH_POINTS) assert.equal(VIEWS[name](data, null, false).lines.length, 1);
});

function rounded(value) {
  return Number(value.toFixed(6));
}
