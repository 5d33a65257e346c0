// The files that were dropped or chosen, those in folders too, with their paths; and what of them is sent.

import { tarOf } from "./tar.js";

/** What is sent as it is: the server reads no archive within an archive. */
const ARCHIVE = /\.(zip|tar|tgz|tar\.gz)$/i;

// Of a server's names.
const MOST_LETTERS = 200;

/**
 * @typedef {object} Chosen
 * @property {string} path with slashes between its folders
 * @property {File} file
 */

/** @returns {Chosen[]} of a file input, also of one that takes a folder */
export function fromInput(files) {
  return [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file })).filter(isMeant);
}

/**
 * What was dropped. A browser forgets it after the event, so this begins at once.
 *
 * @param {DataTransfer} transfer
 * @returns {Promise<Chosen[]>}
 */
export async function fromDrop(transfer) {
  const dropped = [...transfer.items].filter(({ kind }) => kind === "file");
  const roots = dropped.map((item) => ({ entry: item.webkitGetAsEntry?.() ?? null, file: item.getAsFile() }));
  const found = [];
  for (const { entry, file } of roots) {
    if (entry?.isDirectory) await walk(entry, found);
    else if (file) found.push({ path: file.name, file });
  }
  return found.filter(isMeant);
}

async function walk(folder, found) {
  const reader = folder.createReader();
  for (;;) {
    // A browser gives some at a time, and none at the end.
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return;
    for (const entry of entries) {
      if (entry.isDirectory) await walk(entry, found);
      else {
        const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
        found.push({ path: entry.fullPath.replace(/^\//, ""), file });
      }
    }
  }
}

/** Not what the system keeps in folders for itself. */
function isMeant({ path }) {
  return !path.split("/").some((each) => each.startsWith(".") || each === "__MACOSX" || each === "Thumbs.db");
}

/**
 * What is sent of the chosen files, each of it as an upload: archives and a single file as they are, the others
 * in one tar archive.
 *
 * @param {Chosen[]} chosen
 * @returns {{name: string, blob: Blob}[]}
 */
export function partsOf(chosen) {
  const archives = chosen.filter(({ path }) => ARCHIVE.test(path));
  const others = chosen.filter(({ path }) => !ARCHIVE.test(path));
  // The server takes no upload without a byte; in an archive it names such a file.
  const isOne = others.length === 1 && others[0].file.size > 0;
  const parts = (isOne ? [...archives, ...others] : archives).map(({ file }) => ({
    name: file.name.slice(-MOST_LETTERS),
    blob: file,
  }));
  if (others.length > 0 && !isOne) parts.push({ name: `${nameOf(others) ?? "files"}.tar`, blob: tarOf(others) });
  return parts;
}

/** A name for what was chosen: that of its folder or of its only file; null if it has neither. */
export function nameOf(chosen) {
  const roots = new Set(chosen.map(({ path }) => (path.includes("/") ? path.split("/")[0] : null)));
  const [root] = roots;
  if (roots.size === 1 && root) return root.slice(0, MOST_LETTERS - ".tar".length);
  if (chosen.length !== 1) return null;
  return chosen[0].file.name.replace(/(?<=.)(\.tar)?\.[^.]+$/, "").slice(0, MOST_LETTERS);
}
