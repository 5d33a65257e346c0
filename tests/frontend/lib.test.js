// Routes, stores, the search in a paged list, the epochs of a session.

import "./browser.js";

import assert from "node:assert/strict";
import { test } from "node:test";

import { findPosition } from "../../frontend/dataset-rows/search-rows.js";
import { withQuery } from "../../frontend/lib/api.js";
import { IDLE_PACE, waitBefore } from "../../frontend/lib/data.js";
import { match } from "../../frontend/lib/router.js";
import { createStore } from "../../frontend/lib/store.js";
import { bestOf, createFollower } from "../../frontend/training/session/session-follow.js";

test("a path leads to its page with whole numbers, and nothing else does", () => {
  const routes = [["/", "home"], ["/w/:workspace/sessions/:id", "session"]];
  assert.deepEqual(match(routes, "/w/3/sessions/14"), { page: "session", parameters: { workspace: 3, id: 14 } });
  assert.equal(match(routes, "/w/3/sessions/14/").page, "session");
  assert.equal(match(routes, "/").page, "home");
  for (const path of ["/w/x/sessions/1", "/w/3/sessions", "/w/3/sessions/1/more", "/x/w/3/sessions/1"]) {
    assert.equal(match(routes, path), null, path);
  }
});

test("a query leaves out what is not given, and keeps zero", () => {
  assert.equal(withQuery("/api", { a: null, b: "", c: undefined, d: 0, e: "x y" }), "/api?d=0&e=x+y");
  assert.equal(withQuery("/api"), "/api");
});

test("a store calls its listeners only when something has changed, until they leave", () => {
  const store = createStore({ a: 1, b: 2 });
  const seen = [];
  const leave = store.subscribe((state) => seen.push(state));
  store.set({ a: 1 });
  store.set({ a: NaN });
  store.set({ a: NaN });
  assert.deepEqual(seen, [{ a: NaN, b: 2 }]);
  leave();
  store.set({ b: 3 });
  assert.equal(seen.length, 1);
  assert.deepEqual(store.get(), { a: NaN, b: 3 });
});

test("a row is found by its line, wherever it is, in few requests", async () => {
  const rows = Array.from({ length: 5000 }, (_, n) => ({ line: 10 + 3 * n + (n > 4000 ? 9000 : 0) }));
  for (const [wanted, position] of [[10, 0], [11, 1], [3010, 1000], [12_010, 4000], [12_011, 4001], [99_999, 5000]]) {
    let requests = 0;
    const rowsAt = async (offset, limit) => ((requests += 1), rows.slice(offset, offset + limit));
    assert.equal(await findPosition(rowsAt, rows.length, "line", wanted, 1 / 3), position, `line ${wanted}`);
    assert.ok(requests <= 30, `${requests} requests for line ${wanted}`);
  }
});

test("a row is found in few requests even where the expected density is far off", async () => {
  const total = 100_000;
  const rowsAt = async (offset, limit) => {
    requests += 1;
    const count = Math.max(0, Math.min(limit, total - offset));
    return Array.from({ length: count }, (_, n) => ({ line: 1000 * (offset + n) }));
  };
  let requests = 0;
  assert.equal(await findPosition(rowsAt, total, "line", 1000 * 50_123, 1), 50_123);
  assert.ok(requests <= 40, `${requests} requests`);
});

test("the best epoch has the lowest validation log loss; without any there is none", () => {
  const history = [
    { epoch: 1, val_label_loss: 0.9 },
    { epoch: 2, val_label_loss: 0.5 },
    { epoch: 3, val_label_loss: 0.5 },
    { epoch: 4, val_label_loss: null },
  ];
  assert.equal(bestOf(history).epoch, 2);
  assert.equal(bestOf([]), null);
});

test("epochs are added as they come, and those done again after a restart replace the old ones", async (context) => {
  const answers = [
    { history: [{ epoch: 1 }, { epoch: 2 }, { epoch: 3 }], epochs_completed: 3 },
    { history: [], epochs_completed: 1 },
    { history: [{ epoch: 2 }], epochs_completed: 2 },
  ];
  const paths = [];
  context.mock.method(globalThis, "fetch", async (path) => {
    paths.push(path);
    return Response.json({ session: answers.shift() });
  });
  const follower = createFollower(7);
  const [one, other] = await Promise.all([follower.ask(), follower.ask()]);
  assert.equal(one, other);
  await follower.ask();
  const last = await follower.ask();
  assert.deepEqual(last.history.map((each) => each.epoch), [1, 2]);
  assert.deepEqual(paths.map((path) => path.split("=")[1]), ["0", "3", "1"]);
});

test("a page that is seen asks every five seconds, a hidden one each minute, and less often after errors", () => {
  const wait = (isHidden, errors) => waitBefore(IDLE_PACE, { isHidden, errors, chance: 0.5 });
  assert.deepEqual([wait(false, 0), wait(true, 0)], [5_000, 60_000]);
  assert.deepEqual([1, 2, 3, 4, 10].map((errors) => wait(false, errors)), [10_000, 20_000, 40_000, 60_000, 60_000]);
  assert.equal(wait(true, 10), 60_000);
});

test("tabs do not ask in the same moment", () => {
  const at = (chance) => waitBefore(IDLE_PACE, { isHidden: false, errors: 0, chance });
  assert.ok(at(0) < 4_600 && at(1) > 5_400);
});
