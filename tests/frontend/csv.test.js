// Writing CSV: quotes, line ends, formulas.

import assert from "node:assert/strict";
import { test } from "node:test";

import { toCsv } from "../../frontend/lib/csv.js";

test("a cell with a separator, a quote or a line end stands in quotes, an unknown value is empty", async () => {
  const blob = toCsv(["a", "b"], [['say "hi"', null], ["x,y", undefined], ["line\nbreak", 1.5]]);
  assert.equal(await blob.text(), 'a,b\n"say ""hi""",\n"x,y",\n"line\nbreak",1.5\n');
});

test("a cell that a spreadsheet would run as a formula is written as text, a number stays one", async () => {
  const blob = toCsv(["=a"], [["@cmd"], ["-1.5e3"], ["+x"], [" =1"], ["\t=1"]]);
  assert.deepEqual((await blob.text()).split("\n"), ["'=a", "'@cmd", "-1.5e3", "'+x", "' =1", "'\t=1", ""]);
});
