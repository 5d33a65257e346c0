// What the address of a list says, what the server is asked, and selections.

import "./browser.js";

import assert from "node:assert/strict";
import { test } from "node:test";

import { notices } from "../../frontend/lib/notices.js";
import { report } from "../../frontend/listing/bulk-bar.js";
import { isNothingYet } from "../../frontend/listing/listed.js";
import { tagsOf } from "../../frontend/listing/marks.js";
import { currentAddress } from "../../frontend/lib/router.js";
import { comparable } from "../../frontend/models/model-bulk.js";
import { addressOf, chosenAfter, nextSort, pageBefore, pageOf, viewOf } from "../../frontend/listing/view.js";

const INITIAL = { sort: "active", columns: ["name", "status"] };

const read = (address) => {
  globalThis.location = { hash: `#/w/1/sessions?${address}` };
  return viewOf(currentAddress().query, INITIAL);
};

test("an address says all of a view, and the first view needs none", () => {
  assert.equal(addressOf(viewOf({}, INITIAL), INITIAL), "");
  const view = {
    sort: "-accuracy",
    filters: ["status:failed,cancelled", "name:a & b; c=d?", "accuracy>=0.8"],
    q: "é ü",
    group: "network",
    columns: ["name", "seed"],
    isCards: true,
    cursor: "abc_-",
    from: 51,
  };
  assert.deepEqual(read(addressOf(view, INITIAL)), view);
});

test("what an address says wrong is as at first, and the state of earlier releases is a filter", () => {
  const view = read("filter=nonsense&filter=a:b&from=7&status=failed");
  assert.deepEqual(view.filters, ["a:b", "status:failed"]);
  assert.equal(view.from, 1); // without a cursor it is the first page
  assert.equal(read("cursor=x&from=-1").from, 1);
});

test("the server is asked for each filter by itself", () => {
  const asked = pageOf("/list", { key: "k&1" }, { ...read("filter=a:1&filter=b:2&q=+x+&cursor=c"), group: "" });
  const query = new URL(asked, "http://x").searchParams;
  assert.deepEqual(query.getAll("filter"), ["a:1", "b:2"]);
  assert.deepEqual([query.get("workspace_key"), query.get("q"), query.get("cursor")], ["k&1", "x", "c"]);
  assert.equal(query.has("group"), false);
});

test("the page before is that of the server's cursor, and the first one has none", () => {
  assert.deepEqual(pageBefore(151, "back"), { cursor: "back", from: 101 });
  assert.deepEqual(pageBefore(51, "back"), { cursor: "", from: 1 });
  assert.deepEqual(pageBefore(151, null), { cursor: "", from: 1 }); // nothing is before it any more
  assert.deepEqual(pageBefore(1, "back"), { cursor: "", from: 1 }); // an address that lost its place
});

test("a head sorts one way, then the other, then not", () => {
  assert.equal(nextSort("active", "name", "active", false), "name");
  assert.equal(nextSort("name", "name", "active", false), "-name");
  assert.equal(nextSort("-name", "name", "active", false), "active");
  assert.equal(nextSort("active", "accuracy", "active", true), "-accuracy");
  assert.equal(nextSort("-accuracy", "accuracy", "active", true), "accuracy");
});

test("with shift all between two clicks are selected or not, whichever is above", () => {
  const shown = [9, 7, 5, 3, 1];
  assert.deepEqual(chosenAfter([], shown, 7, null, true), [7]);
  assert.deepEqual(chosenAfter([7], shown, 3, 7, true), [7, 5, 3]);
  assert.deepEqual(chosenAfter([3], shown, 9, 3, true), [9, 7, 5, 3]);
  assert.deepEqual(chosenAfter([100, 9, 7, 5], shown, 5, 9, true), [100]);
  assert.deepEqual(chosenAfter([7], shown, 3, 8, true), [7, 3]); // the last one is on another page
});

test("tags are read with commas between them, each once", () => {
  assert.deepEqual(tagsOf(" a, b c ,, a"), ["a", "b c"]);
});

test("a list that is loaded, or failed, after one without a match is not taken for an empty one", () => {
  const none = { data: { total: 0 }, error: null, isLoading: false };
  const view = viewOf({}, INITIAL);
  assert.equal(isNothingYet(none, view), true);
  assert.equal(isNothingYet({ ...none, isLoading: true }, view), false);
  assert.equal(isNothingYet({ ...none, error: new Error("422") }, view), false);
  assert.equal(isNothingYet({ data: null, error: null, isLoading: true }, view), false);
  assert.equal(isNothingYet(none, { ...view, filters: ["status:failed"] }), false);
});

test("what was done with many is said, and why the rest was refused, once for each reason", () => {
  globalThis.document ??= { hidden: true }; // the notices look whether anybody sees them
  const refused = (id, error) => ({ id, status: "refused", error });
  const outcomes = [{ id: 1, status: "done" }, refused(2, "It runs."), refused(3, "It runs."), refused(4, "Gone.")];
  report({ kind: "session", words: "training.bulk" }, { id: 1, key: "k" }, "star", outcomes, [1]);
  const said = notices.get().list.map((each) => [each.kind, each.say()]);
  assert.equal(said.length, 2);
  assert.deepEqual(said.map(([kind]) => kind), ["info", "error"]);
  assert.match(said[1][1], /It runs\. Gone\.$/);
  notices.set({ list: [] });
});

test("models are compared by their sessions, and those that have lost theirs are named", () => {
  const models = [{ id: 1, session_id: 12 }, { id: 2, session_id: null }, { id: 3, session_id: 4 }];
  const { sessions, lost } = comparable(models);
  assert.deepEqual(sessions, [4, 12]);
  assert.deepEqual(lost.map((each) => each.id), [2]);
});
