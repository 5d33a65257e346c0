// Writes what the page's archive of some files is: its first argument names them as JSON, its second the archive.

import { readFileSync, writeFileSync } from "node:fs";

import { tarOf } from "../../frontend/light-curves/upload/tar.js";

const asked = JSON.parse(readFileSync(process.argv[2], "utf8"));
const files = asked.map(({ path, text, modified: lastModified, size }) => ({
  path,
  // A file that is too large for a test only says so.
  file: size ? { size, lastModified, toString: () => "" } : Object.assign(new Blob([text]), { lastModified }),
}));
writeFileSync(process.argv[3], Buffer.from(await tarOf(files).arrayBuffer()));
