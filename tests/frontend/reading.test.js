// How a file is to be read: what is said of it is what differs from the server's own guess.

import "./browser.js";

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  afterLook,
  chooseColumn,
  chooseTable,
  clashes,
  isNothingSaid,
  mayBeMapped,
  nameOf,
  NEEDED,
  NOTHING_CHOSEN,
  unitSource,
  tablesIn,
  whatIsSaid,
} from "../../frontend/reading/choices.js";
import { fileForm } from "../../frontend/reading/sending.js";

const column = (name, ours = null, unit = null) => ({ name, column: ours, unit, examples: [`${name} 1`] });

const report = (more = {}) => ({ unknown_labels: {}, known_labels: {}, ...more });

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

test("words can be given a meaning, those that are not known first; a word cut short cannot", () => {
  const unknown = { EB: 2, "": 3, "a long one…": 1 };
  const known = { PC: { rows: 7, label: "CANDIDATE" }, FP: { rows: 1, label: "FALSE POSITIVE" } };
  const { words } = start(usable({ unknown_labels: unknown, known_labels: known }));
  assert.deepEqual(Object.keys(words), ["EB", "PC", "FP"]);
  assert.deepEqual(words.EB, { rows: 2, code: null });
  assert.deepEqual(words.PC, { rows: 7, code: 0 });
  assert.deepEqual(words.FP, { rows: 1, code: 2 });
});

test("a word that is known can be said to mean something else", () => {
  const first = start(usable({ known_labels: { PC: { rows: 7, label: "CANDIDATE" } } }));
  assert.deepEqual(whatIsSaid(first).labels, {});
  assert.deepEqual(whatIsSaid({ ...first, labels: { PC: "1" } }).labels, { PC: 1 });
});

test("where no row could be used the examples of the labels can be given a meaning", () => {
  assert.deepEqual(start(preview()).words, {});
  assert.deepEqual(start(preview({ missing: [] })).words, { "label 1": { rows: null, code: null } });
  const binary = { name: "label", column: "label", unit: null, examples: ["1", "0"] };
  const { words } = start(preview({ missing: [], columns: [binary] }));
  assert.deepEqual(words, { 0: { rows: null, code: 0 }, 1: { rows: null, code: 1 } });
});

test("words stay on the form once they have a meaning, until the labels are read from another column", () => {
  const first = start(usable({ unknown_labels: { EB: 2, V: 1 } }));
  const said = { ...first, labels: { EB: "2", V: "" } };
  assert.deepEqual(whatIsSaid(said).labels, { EB: 2 });
  const again = afterLook(said, usable({ unknown_labels: { V: 3 } }));
  assert.deepEqual(again.words, { EB: { rows: 2, code: null }, V: { rows: 3, code: null } });
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

test("a batch needs no label", () => {
  assert.equal(NEEDED.dataset.includes("label"), true);
  assert.deepEqual(NEEDED.batch, ["period", "duration", "depth"]);
});

test("a file that was refused for its columns or its tables may be mapped, and no other", () => {
  const refused = (problem, status = 422) => ({ status, problem });
  assert.equal(mayBeMapped(refused({ found: ["P_orb", "T14"] })), true);
  assert.equal(mayBeMapped(refused({ found: [], tables: ["First", "Second"] })), true);
  assert.equal(mayBeMapped(refused({ found: ["everything in one"] })), false);
  assert.equal(mayBeMapped(refused({})), false);
  assert.equal(mayBeMapped(refused({ found: ["P_orb", "T14"] }, 507)), false);
  assert.equal(mayBeMapped(new Error("the server did not respond")), false);
});

test("a form carries what was said and nothing else", () => {
  const file = new Blob(["x"]);
  const fields = (said) => [...fileForm({ key: "K" }, file, said).entries()].filter(([name]) => name !== "file");
  assert.deepEqual(fields(), [["workspace_key", "K"]]);
  const said = { columns: { period: "P_orb" }, units: {}, labels: { PC: 1 }, table: "Second" };
  assert.deepEqual(fields(said), [
    ["workspace_key", "K"],
    ["columns", '{"period":"P_orb"}'],
    ["labels", '{"PC":1}'],
    ["table", "Second"],
  ]);
});
