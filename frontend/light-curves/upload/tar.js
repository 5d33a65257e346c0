// A tar archive of files (POSIX.1-2001: ustar, with pax headers where a name or a size does not fit), made lazily.

const BLOCK = 512;
const MOST_NAME = 100;
const MOST_PREFIX = 155;
// Eleven octal digits.
const MOST_SIZE = 8 ** 11 - 1;

const OF_A_FILE = "0";
const OF_A_HEADER = "x";

const utf8 = new TextEncoder();

/**
 * An archive that refers to its files: nothing of them is read before a slice of it is.
 *
 * @param {{path: string, file: Blob & {lastModified?: number}}[]} files `path` with slashes between its folders
 * @returns {Blob}
 */
export function tarOf(files) {
  const parts = files.flatMap(({ path, file }) => [...headersOf(path, file), file, paddingAfter(file.size)]);
  return new Blob([...parts, new Uint8Array(2 * BLOCK)], { type: "application/x-tar" });
}

function headersOf(path, { size, lastModified = 0 }) {
  const clean = path.split("/").filter((each) => each !== "" && each !== "." && each !== "..").join("/");
  const modified = Math.max(0, Math.floor(lastModified / 1000));
  const place = placeOf(clean);
  const said = [];
  if (place === null) said.push(["path", clean]);
  if (size > MOST_SIZE) said.push(["size", String(size)]);
  const fitting = size > MOST_SIZE ? 0 : size;
  const stated = place ?? { name: inAscii(clean), prefix: "" };
  const own = headerOf({ ...stated, size: fitting, modified, type: OF_A_FILE });
  if (said.length === 0) return [own];
  const records = utf8.encode(said.map(([key, value]) => recordOf(key, value)).join(""));
  const name = `PaxHeaders/${inAscii(clean)}`.slice(0, MOST_NAME);
  const before = headerOf({ name, prefix: "", size: records.length, modified, type: OF_A_HEADER });
  return [before, records, paddingAfter(records.length), own];
}

/** The two fields of a header that hold a path; null where they cannot. */
function placeOf(path) {
  if (/[^\x20-\x7e]/.test(path)) return null;
  if (path.length <= MOST_NAME) return { name: path, prefix: "" };
  // At the last slash before which as much stands as fits.
  const at = path.lastIndexOf("/", MOST_PREFIX);
  if (at < 1 || path.length - at - 1 > MOST_NAME) return null;
  return { name: path.slice(at + 1), prefix: path.slice(0, at) };
}

/** For programs that know no pax headers: the end of a path, in ASCII. */
function inAscii(path) {
  return path.replace(/[^\x20-\x7e]/g, "_").slice(-MOST_NAME);
}

/** A line of a pax header: its length, itself included, the key and the value. */
function recordOf(key, value) {
  const rest = utf8.encode(` ${key}=${value}\n`).length;
  let length = rest + String(rest).length;
  if (rest + String(length).length > length) length += 1;
  return `${length} ${key}=${value}\n`;
}

function headerOf({ name, prefix, size, modified, type }) {
  const header = new Uint8Array(BLOCK);
  const put = (text, at) => header.set(utf8.encode(text), at);
  const octal = (value, digits) => `${value.toString(8).padStart(digits, "0")}\0`;
  put(name, 0);
  put(octal(0o644, 7), 100);
  put(octal(0, 7), 108);
  put(octal(0, 7), 116);
  put(octal(size, 11), 124);
  put(octal(modified, 11), 136);
  put(" ".repeat(8), 148); // so the sum is counted
  put(type, 156);
  put("ustar\0" + "00", 257);
  put(octal(0, 7), 329);
  put(octal(0, 7), 337);
  put(prefix, 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

function paddingAfter(size) {
  return new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);
}
