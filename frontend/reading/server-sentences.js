// Reads from the server's sentences what its answers have no field for. `tests/frontend/test_server_sentences.py`
// holds both sides together; what an earlier release stored is read too.

import { CLASSES } from "../lib/columns.js";

/** The column that a warning of missing values is about; undefined if it names none of these. */
export function columnIn(message, columns) {
  return columns.find((name) => message.startsWith(`${name} is missing`));
}

/** The finding, one of those with a column, that a warning is about: it begins with the column. */
export function findingIn(message, findings) {
  const begins = ({ column, value }) =>
    message.startsWith(value === undefined ? `${column} as a whole ` : `${column} is exactly ${value} `);
  return findings.find(begins);
}

/** The finding, one of those of columns besides the nine, that a warning is about. */
export function unreadIn(message, findings) {
  return findings.find(
    ({ column, has_reference: isKnown }) => isKnown && message.startsWith(`${column} cannot be read from `),
  );
}

/** The class that a warning of few rows is about; undefined if it names none. */
export function classIn(message) {
  return CLASSES.find((name) => message.includes(name));
}

/** The check that a warning of unlikely values is about: its name stands before the number of rows. */
export function checkIn(message, checks) {
  return checks.find((name) => message.includes(` ${name}: `));
}

/** The message of a rejected row without the column that it begins with, which has a field as well. */
export function withoutColumn({ column, message }) {
  return column && message.startsWith(`${column}: `) ? message.slice(column.length + 2) : message;
}

/** How many rows of a file could be used; the examples after it are in `errors` as well. */
export function firstSentence(message) {
  const end = message.indexOf(". ");
  return end < 0 ? message : message.slice(0, end + 1);
}

/** What is to be done about the archive's tables that lack columns; "" if a message says nothing of it. */
export function adviceIn(message) {
  const starts = ["The archive's default download", "The planetary table has"].map((text) => message.indexOf(text));
  const found = starts.filter((start) => start >= 0);
  return found.length ? message.slice(Math.min(...found)) : "";
}
