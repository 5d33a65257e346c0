// Reading and writing CSV: quotes, line ends, pieces of any size, formulas.

import assert from "node:assert/strict";
import { test } from "node:test";

import { countRows, CsvReader, readCsv, toCsv } from "../../frontend/lib/csv.js";

const TABLE = 'name,note\r\n"Kepler-10 b","says ""hot"""\n\n"two\nlines",\nlast,cell';

const RECORDS = [
  ["name", "note"],
  ["Kepler-10 b", 'says "hot"'],
  ["two\nlines", ""],
  ["last", "cell"],
];

function read(pieces) {
  const records = [];
  const reader = new CsvReader((record) => records.push(record));
  for (const piece of pieces) reader.write(piece);
  reader.end();
  return records;
}

test("a table is read whole, and the same when it comes in pieces of any size", () => {
  assert.deepEqual(read([TABLE]), RECORDS);
  for (let size = 1; size < TABLE.length; size += 1) {
    const pieces = TABLE.match(new RegExp(`[^]{1,${size}}`, "g"));
    assert.deepEqual(read(pieces), RECORDS, `pieces of ${size}`);
  }
});

test("a quotation mark inside a field without quotes is part of the text", () => {
  assert.deepEqual(read(['3" telescope,x']), [['3" telescope', "x"]]);
});

test("a file that cuts a letter in two between its pieces is read as UTF-8", async () => {
  const bytes = new TextEncoder().encode("étoile,b\n1,2\n");
  const stream = () =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(bytes.slice(0, 1));
        controller.enqueue(bytes.slice(1));
        controller.close();
      },
    });
  const records = [];
  await readCsv({ stream, size: bytes.length }, (record) => records.push(record));
  assert.deepEqual(records, [["étoile", "b"], ["1", "2"]]);
});

test("an aborted reading ends with an error", async () => {
  const reading = readCsv(new Blob(["a\n1\n"]), () => {}, { signal: AbortSignal.abort() });
  await assert.rejects(reading, { name: "AbortError" });
});

test("comments, blank lines and the header are not counted as rows", async () => {
  assert.equal(await countRows(new Blob(["# archive\na,b\n1,2\n\n3,4\n"])), 2);
  assert.equal(await countRows(new Blob([""])), 0);
});

test("a written table reads back as it was, an unknown value as an empty cell", async () => {
  const blob = toCsv(["a", "b"], [['say "hi"', null], ["x,y", undefined], ["line\nbreak", 1.5]]);
  assert.deepEqual(read([await blob.text()]), [
    ["a", "b"],
    ['say "hi"', ""],
    ["x,y", ""],
    ["line\nbreak", "1.5"],
  ]);
});

test("a cell that a spreadsheet would run as a formula is written as text, a number stays one", async () => {
  const blob = toCsv(["=a"], [["@cmd"], ["-1.5e3"], ["+x"], [" =1"], ["\t=1"]]);
  assert.deepEqual(read([await blob.text()]).flat(), ["'=a", "'@cmd", "-1.5e3", "'+x", "' =1", "'\t=1"]);
});
