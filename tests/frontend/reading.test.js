// How a file is to be read: what is said of it is what differs from the server's own guess.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  afterLook,
  chooseColumn,
  chooseTable,
  clashes,
  isNothingSaid,
  nameOf,
  NOTHING_CHOSEN,
  unitSource,
  tablesIn,
  whatIsSaid,
} from "../../frontend/datasets/reading-choices.js";

const column = (name, ours = null, unit = null) => ({ name, column: ours, unit, examples: [`${name} 1`] });

const report = (more = {}) => ({ unknown_labels: {}, are_labels_binary: false, ...more });

/** A preview of a table whose period has a name that nobody knows. */
const preview = (more = {}) => ({
  form: "exotrain",
  columns: [column("P_orb"), column("dur (min)", "duration", "min"), column("depth", "depth"), column("label", "label")],
  missing: ["period"],
  units: [],
  units_known: { duration: ["h", "hours", "min"], depth: ["ppm", "percent"] },
  profile: null,
  ...more,
});

const usable = (more = {}) => preview({ missing: [], profile: { report: report(more) } });

const start = (answer = preview()) => afterLook(NOTHING_CHOSEN, answer);

const unit = (reading, name, chosen) => ({ ...reading, units: { ...reading.units, [name]: chosen } });

test("a form in which nothing was changed says nothing", () => {
  assert.equal(isNothingSaid(whatIsSaid(start())), true);
  const back = chooseColumn(chooseColumn(start(), "depth", ""), "depth", "depth");
  assert.equal(isNothingSaid(whatIsSaid(back)), true);
});

test("only the columns that differ from the guess are said", () => {
  const reading = chooseColumn(chooseColumn(start(), "period", "P_orb"), "duration", "");
  assert.deepEqual(whatIsSaid(reading).columns, { period: "P_orb", duration: "" });
  assert.equal(isNothingSaid(whatIsSaid(reading)), false);
});

test("the guess stays that of the file with nothing said, however often it is looked at", () => {
  const chosen = chooseColumn(start(), "period", "P_orb");
  const again = afterLook(chosen, preview({ columns: [column("P_orb", "period")] }));
  assert.equal(nameOf(again, "depth"), "depth");
  assert.deepEqual(whatIsSaid(again).columns, { period: "P_orb" });
});

test("a column of the file that is chosen twice is named for both", () => {
  assert.deepEqual(clashes(start()), []);
  assert.deepEqual(clashes(chooseColumn(start(), "period", "depth")), ["period", "depth"]);
});

test("a unit in the name, our own and one of the archive's are told apart, and said only if they change something", () => {
  const reading = start();
  assert.equal(unitSource(reading, "duration"), "name");
  assert.equal(unitSource(reading, "depth"), "ours");
  assert.deepEqual(whatIsSaid(unit(unit(reading, "duration", "min"), "depth", "ppm")).units, {});
  assert.deepEqual(whatIsSaid(unit(reading, "duration", "hours")).units, { duration: "hours" });
  assert.deepEqual(whatIsSaid(unit(reading, "depth", "percent")).units, { depth: "percent" });
  const archive = start(preview({ form: "planets" }));
  assert.equal(unitSource(archive, "depth"), "form");
  assert.deepEqual(whatIsSaid(unit(archive, "depth", "ppm")).units, { depth: "ppm" });
});

const doubt = { column: "depth", expected: "ppm", likely: "percent", median: 0.08 };

test("a likely unit is chosen, and can be taken back or confirmed as ours", () => {
  const reading = start(preview({ units: [doubt] }));
  assert.deepEqual(whatIsSaid(reading).units, { depth: "percent" });
  assert.deepEqual(reading.doubts, { depth: doubt });
  assert.deepEqual(whatIsSaid(unit(reading, "depth", "")).units, {});
  assert.deepEqual(whatIsSaid(unit(reading, "depth", "ppm")).units, { depth: "ppm" });
});

test("a unit that was chosen by hand is not replaced by a likely one", () => {
  const reading = afterLook(unit(start(), "depth", "ppt"), preview({ units: [doubt] }));
  assert.deepEqual(whatIsSaid(reading).units, { depth: "ppt" });
});

test("another column of the file forgets the unit of the last one, and one that is absent has none", () => {
  const reading = start(preview({ units: [doubt] }));
  const other = chooseColumn(reading, "depth", "P_orb");
  assert.deepEqual([other.units, other.doubts], [{}, {}]);
  assert.deepEqual(whatIsSaid(unit(chooseColumn(reading, "depth", ""), "depth", "percent")).units, {});
});

test("words that are not known, and 0 and 1 alone, can be given a meaning; a word cut short cannot", () => {
  assert.deepEqual(start(usable({ unknown_labels: { EB: 2, "": 3, "a long one…": 1 } })).words, { EB: 2 });
  assert.deepEqual(start(usable({ are_labels_binary: true })).words, { 0: null, 1: null });
});

test("where no row could be used the examples of the labels can be given a meaning", () => {
  assert.deepEqual(start(preview()).words, {});
  assert.deepEqual(start(preview({ missing: [] })).words, { "label 1": null });
});

test("words stay on the form once they have a meaning, until the labels are read from another column", () => {
  const first = start(usable({ unknown_labels: { EB: 2, V: 1 } }));
  const said = { ...first, labels: { EB: "2", V: "" } };
  assert.deepEqual(whatIsSaid(said).labels, { EB: 2 });
  const again = afterLook(said, usable({ unknown_labels: { V: 1 } }));
  assert.deepEqual(again.words, { EB: 2, V: 1 });
  const other = chooseColumn(again, "label", "P_orb");
  assert.deepEqual([other.words, whatIsSaid(other).labels], [{}, {}]);
});

test("the tables to choose from are those that a refusal or a preview names, if there are several", () => {
  assert.deepEqual(tablesIn({ error: { problem: { tables: ["A", "B"] } } }), ["A", "B"]);
  assert.deepEqual(tablesIn({ data: { profile: { file: { tables: ["A", "B"] } } } }), ["A", "B"]);
  assert.deepEqual(tablesIn({ data: { profile: { file: { tables: ["A"] } } } }), []);
  assert.deepEqual(tablesIn({ data: { profile: { file: null } } }), []);
  assert.deepEqual(tablesIn({}), []);
});

test("a table that is chosen is said, and what was chosen for another one is forgotten", () => {
  const said = whatIsSaid(chooseTable("Second"));
  assert.equal(said.table, "Second");
  assert.equal(isNothingSaid(said), false);
  assert.deepEqual(chooseTable("Second").columns, {});
});
