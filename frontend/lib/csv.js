// CSV (RFC 4180): written, and read in pieces so that a large file does not freeze the page.

const QUOTE = 0x22;
const RETURN = 0x0d;
const NEW_LINE = 0x0a;

// How long reading may block the page before it pauses for input.
const BUSY_MILLISECONDS = 12;

/** Splits text into records; the text may arrive in pieces that end anywhere. Blank lines are skipped. */
export class CsvReader {
  #onRecord;
  #record = [];
  #field = "";
  #isStarted = false;
  #isQuoted = false;
  #isAfterQuote = false;
  #separator;

  /**
   * @param {(record: string[]) => void} onRecord
   * @param {string} separator one character
   */
  constructor(onRecord, separator = ",") {
    this.#onRecord = onRecord;
    this.#separator = separator.charCodeAt(0);
  }

  /** Reads the next piece. */
  write(text) {
    let at = 0;
    while (at < text.length) at = this.#isQuoted ? this.#readQuoted(text, at) : this.#readPlain(text, at);
  }

  /** Emits the last record, which may lack its line end. */
  end() {
    this.#endRecord();
  }

  #readQuoted(text, at) {
    const quote = text.indexOf('"', at);
    this.#field += text.slice(at, quote === -1 ? text.length : quote);
    if (quote === -1) return text.length;
    this.#isQuoted = false;
    this.#isAfterQuote = true;
    return quote + 1;
  }

  #readPlain(text, at) {
    const code = text.charCodeAt(at);
    const isDoubled = this.#isAfterQuote;
    this.#isAfterQuote = false;
    if (code === QUOTE && (isDoubled || !this.#isStarted)) {
      if (isDoubled) this.#field += '"';
      this.#isStarted = true;
      this.#isQuoted = true;
      return at + 1;
    }
    if (code === this.#separator) {
      this.#endField();
      return at + 1;
    }
    if (code === RETURN || code === NEW_LINE) {
      this.#endRecord();
      return at + 1;
    }
    const end = endOfPlain(text, at + 1, this.#separator);
    this.#field += text.slice(at, end);
    this.#isStarted = true;
    return end;
  }

  #endField() {
    this.#record.push(this.#field);
    this.#field = "";
    this.#isStarted = false;
  }

  #endRecord() {
    // Also between the two characters of CR LF.
    if (!this.#isStarted && this.#record.length === 0) return;
    this.#endField();
    const record = this.#record;
    this.#record = [];
    this.#isAfterQuote = false;
    this.#onRecord(record);
  }
}

function endOfPlain(text, from, separator) {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === separator || code === NEW_LINE || code === RETURN) break;
    at += 1;
  }
  return at;
}

/**
 * Reads a CSV file, with pauses in which the page stays usable.
 *
 * @param {Blob} blob UTF-8
 * @param {(record: string[]) => void} onRecord
 * @param {{separator?: string, onProgress?: (share: number) => void, signal?: AbortSignal}} options
 */
export async function readCsv(blob, onRecord, { separator, onProgress = () => {}, signal } = {}) {
  const reader = new CsvReader(onRecord, separator);
  const decoder = new TextDecoder();
  const pieces = blob.stream().getReader();
  let read = 0;
  let since = performance.now();
  for (;;) {
    const { value, done } = await pieces.read();
    signal?.throwIfAborted();
    if (done) break;
    reader.write(decoder.decode(value, { stream: true }));
    read += value.length;
    if (performance.now() - since > BUSY_MILLISECONDS) {
      onProgress(read / blob.size);
      await new Promise((resolve) => setTimeout(resolve));
      since = performance.now();
    }
  }
  reader.write(decoder.decode());
  reader.end();
}

/** The number of rows below the header, without comments. */
export async function countRows(blob, { signal } = {}) {
  let records = 0;
  const count = ([first]) => {
    if (!first.startsWith("#")) records += 1;
  };
  await readCsv(blob, count, { signal });
  return Math.max(0, records - 1);
}

/** A table as a CSV file; null is an empty cell. */
export function toCsv(header, rows) {
  const lines = [header, ...rows].map((cells) => cells.map(asCell).join(","));
  return new Blob([`${lines.join("\n")}\n`], { type: "text/csv" });
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const FORMULA = /^\s*[=+\-@\t\r\n＝＋－＠]/;

function asCell(value) {
  if (value === null || value === undefined) return "";
  const text = harmless(String(value));
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** As on the server: a spreadsheet shows the cell instead of running it as a formula. */
function harmless(text) {
  return FORMULA.test(text) && !NUMBER.test(text.trim()) ? `'${text}` : text;
}
