// What is said of labels: the keys, the words, and which answer of the server is newer.

import assert from "node:assert/strict";
import { test } from "node:test";

import "./browser.js";

import { choiceName, isChanged, keyAct, newerLayer, labelName } from "../../frontend/labels/label-words.js";
import { speak } from "./words.js";

test("keys say a label, leave a row out, or undo", () => {
  const acts = ["0", "1", "2", "x", "X"].map((key) => keyAct(key).label);
  assert.deepEqual(acts, ["CANDIDATE", "CONFIRMED", "FALSE POSITIVE", "exclude", "exclude"]);
  assert.deepEqual(keyAct("u"), { isUndo: true });
  for (const key of ["3", "9", "", "Enter", "F1", "F2", "ArrowUp", "12", "01"]) assert.equal(keyAct(key), null, key);
});

test("a row is marked only where another label counts than the file's", () => {
  assert.equal(isChanged({ label_name: "CONFIRMED", effective_label: "exclude" }), true);
  assert.equal(isChanged({ label_name: "CONFIRMED", effective_label: "CONFIRMED" }), false);
  assert.equal(isChanged({ label_name: null, effective_label: null }), false);
  assert.equal(isChanged({ label_name: null, effective_label: "CONFIRMED" }), true);
  assert.equal(isChanged({ label_name: "CONFIRMED" }), false, "an answer of an earlier release");
});

test("an answer that comes late does not bring the layer back", () => {
  const unknown = { rule: null, revision: null, changes: 0 };
  const first = newerLayer(unknown, { rule: "owner", revision: 4 });
  assert.deepEqual(first, { rule: "owner", revision: 4, changes: 0 });
  assert.equal(newerLayer(first, { rule: "owner", revision: 4 }), first);
  const next = newerLayer(first, { rule: "majority", revision: 6 });
  assert.deepEqual(next, { rule: "majority", revision: 6, changes: 1 });
  assert.equal(newerLayer(next, { rule: "owner", revision: 5 }), next);
});

test("a label that is left out, or left to the file, has a word of its own in both languages", async () => {
  await speak("en");
  assert.deepEqual([labelName("exclude"), choiceName(null), labelName(null)], ["Left out", "The file’s label", "–"]);
  await speak("fr");
  assert.equal(choiceName("exclude"), "Laissée de côté");
});
