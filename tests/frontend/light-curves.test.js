// Light curves on their way: what is sent of the chosen files, and how it goes on after an interruption.

import "./browser.js";

import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError, ConnectionLost } from "../../frontend/lib/api.js";
import { fromDrop, fromInput, nameOf, partsOf } from "../../frontend/light-curves/upload/chosen-files.js";
import { NotReadable, persist, PIECE_BYTES, sendInPieces } from "../../frontend/light-curves/upload/sending.js";
import { tarOf } from "../../frontend/light-curves/upload/tar.js";

const fileOf = (name, size = 10) => Object.assign(new Blob(["x".repeat(size)]), { name });
const chosen = (path, size) => ({ path, file: fileOf(path.split("/").at(-1), size) });

function server(content, { breaks = [] } = {}) {
  const state = { received: 0, bytes: [], asked: 0, pauses: [], broken: [] };
  const calls = {
    ask: async () => {
      state.asked += 1;
      return state.received;
    },
    put: async (bytes, from) => {
      assert.equal(from, state.received, "a piece follows what was received");
      const failure = breaks.shift();
      const taken = failure ? Math.floor(bytes.byteLength * (failure.share ?? 0)) : bytes.byteLength;
      state.bytes.push(new Uint8Array(bytes.slice(0, taken)));
      state.received += taken;
      if (failure) throw failure.error;
      return state.received;
    },
  };
  const patience = {
    pause: async (seconds) => void state.pauses.push(seconds),
    onBreak: (isBroken) => state.broken.push(isBroken),
  };
  const arrived = () => new Blob(state.bytes).text();
  return { state, calls, patience, arrived };
}

const large = () => {
  const bytes = new Uint8Array(2.5 * PIECE_BYTES);
  for (let n = 0; n < bytes.length; n += 1) bytes[n] = 97 + (Math.imul(n, 2654435761) >>> 28);
  return new Blob([bytes]);
};

test("a file comes in pieces, each behind the last", async () => {
  const blob = large();
  const { state, calls, patience, arrived } = server();
  await sendInPieces(blob, 0, calls, patience);
  assert.deepEqual(state.bytes.map((each) => each.length), [PIECE_BYTES, PIECE_BYTES, PIECE_BYTES / 2]);
  assert.equal(await arrived(), await blob.text());
  assert.deepEqual(state.pauses, []);
});

test("a connection that breaks within a piece is asked how much came, and the rest follows", async () => {
  const blob = large();
  const breaks = [{ share: 1, error: new ConnectionLost() }, { share: 0.6, error: new ConnectionLost() }];
  const { state, calls, patience, arrived } = server(blob, { breaks });
  await sendInPieces(blob, 0, calls, patience);
  assert.equal(await arrived(), await blob.text());
  assert.equal(state.asked, 2);
  assert.deepEqual(state.pauses, [1, 1], "something came each time");
  assert.equal(state.broken.at(-1), false);
});

test("an upload that was begun before goes on behind what the server has", async () => {
  const blob = large();
  const { state, calls, patience } = server();
  state.received = PIECE_BYTES + 5;
  await sendInPieces(blob, state.received, calls, patience);
  assert.equal(state.received, blob.size);
  assert.equal(state.bytes[0].length, PIECE_BYTES);
});

test("pauses grow while nothing comes, up to half a minute, or last as long as the server says", async () => {
  const lost = () => ({ error: new ConnectionLost() });
  const { state, calls, patience } = server(null, { breaks: Array.from({ length: 7 }, lost) });
  await sendInPieces(new Blob(["abc"]), 0, calls, patience);
  assert.deepEqual(state.pauses, [1, 2, 4, 8, 16, 30, 30]);
  const busy = server(null, { breaks: [{ error: new ApiError(503, {}, 45) }] });
  await sendInPieces(new Blob(["abc"]), 0, busy.calls, busy.patience);
  assert.deepEqual(busy.state.pauses, [45]);
});

test("what the server refuses is not sent again, and what it cannot answer not for ever", async () => {
  for (const status of [401, 404, 413, 422, 507]) {
    const { state, calls, patience } = server(null, { breaks: [{ error: new ApiError(status, {}) }] });
    await assert.rejects(sendInPieces(new Blob(["abc"]), 0, calls, patience), { status });
    assert.equal(state.bytes.length, 1);
  }
  const failing = Array.from({ length: 50 }, () => ({ error: new ApiError(500, {}) }));
  const { state, calls, patience } = server(null, { breaks: failing });
  await assert.rejects(sendInPieces(new Blob(["abc"]), 0, calls, patience), { status: 500 });
  assert.equal(state.pauses.length, 10);
});

test("a file that can no longer be read ends the upload", async () => {
  const { calls, patience } = server();
  const gone = { size: 5, slice: () => ({ arrayBuffer: () => Promise.reject(new Error("gone")) }) };
  await assert.rejects(sendInPieces(gone, 0, calls, patience), NotReadable);
});

test("a stopped pause stops the upload", async () => {
  const { calls, patience } = server(null, { breaks: [{ error: new ConnectionLost() }] });
  const stopped = { ...patience, pause: () => Promise.reject(new DOMException("Aborted", "AbortError")) };
  await assert.rejects(sendInPieces(new Blob(["abc"]), 0, calls, stopped), { name: "AbortError" });
});

test("a call is repeated after the answers that it says pass, and after no other", async () => {
  const { state, patience } = server();
  const answers = [new ApiError(503, {}), new ConnectionLost(), "made"];
  const act = async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  assert.equal(await persist(act, patience, [503]), "made");
  assert.deepEqual(state.pauses, [1, 2]);
  answers.push(new ApiError(409, {}));
  await assert.rejects(persist(act, patience, [503]), { status: 409 });
});

test("many files become one archive; archives and a single file go as they are", () => {
  const names = (files) => partsOf(files).map(({ name }) => name);
  assert.deepEqual(names([chosen("a.fits"), chosen("b.fits")]), ["files.tar"]);
  assert.deepEqual(names([chosen("kepler/a.fits"), chosen("kepler/q2/a.fits")]), ["kepler.tar"]);
  assert.deepEqual(names([chosen("kepler/a.fits")]), ["a.fits"]);
  assert.deepEqual(names([chosen("a.zip"), chosen("b.tar.gz"), chosen("c.csv")]), ["a.zip", "b.tar.gz", "c.csv"]);
  assert.deepEqual(names([chosen("a.ZIP"), chosen("c.csv"), chosen("d.npz")]), ["a.ZIP", "files.tar"]);
  assert.deepEqual(names([chosen("empty.csv", 0)]), ["empty.tar"]);
});

test("a set is named like the folder or the only file", () => {
  assert.equal(nameOf([chosen("kepler/a.fits"), chosen("kepler/b.fits")]), "kepler");
  assert.equal(nameOf([chosen("star.tar.gz")]), "star");
  assert.equal(nameOf([chosen("README")]), "README");
  assert.equal(nameOf([chosen("a.fits"), chosen("b.fits")]), null);
  assert.equal(nameOf([chosen("one/a.fits"), chosen("b.fits")]), null);
});

test("folders are walked to their end, and what the system keeps in them is left out", async () => {
  const entryOf = (path) => ({
    isDirectory: false,
    fullPath: `/${path}`,
    file: (give) => give(fileOf(path.split("/").at(-1))),
  });
  const folderOf = (...batches) => ({
    isDirectory: true,
    createReader: () => ({ readEntries: (give) => give(batches.shift() ?? []) }),
  });
  const inner = folderOf([entryOf("d/e/c.fits"), entryOf("d/e/.DS_Store")]);
  const outer = folderOf([entryOf("d/a.fits")], [entryOf("d/b.fits"), inner], [entryOf("d/__MACOSX/x.fits")]);
  const item = (entry, file) => ({ kind: "file", webkitGetAsEntry: () => entry, getAsFile: () => file });
  const items = [item(outer, null), item(null, fileOf("alone.csv")), { kind: "string" }];
  const found = await fromDrop({ items });
  assert.deepEqual(found.map(({ path }) => path), ["d/a.fits", "d/b.fits", "d/e/c.fits", "alone.csv"]);
  const inFolder = Object.assign(fileOf("a.fits"), { webkitRelativePath: "d/a.fits" });
  assert.deepEqual(fromInput([inFolder, fileOf(".hidden")]).map(({ path }) => path), ["d/a.fits"]);
});

test("an archive refers to its files without reading them", async () => {
  const size = 1024;
  const archive = tarOf([{ path: "../a/./b.fits", file: fileOf("b.fits", size) }]);
  assert.equal(archive.size, 512 + size + 1024);
  const text = await archive.text();
  assert.ok(text.startsWith("a/b.fits\0"), "no name leads out of it");
  assert.equal(text.slice(257, 262), "ustar");
  assert.equal(await archive.slice(512, 512 + size).text(), "x".repeat(size));
});
