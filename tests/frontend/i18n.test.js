// Texts, numbers, sizes, dates and durations in both languages.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  date,
  dateTime,
  dictionary,
  duration,
  fileSize,
  fixed,
  has,
  julianDate,
  number,
  percent,
  preferredLanguage,
  readWords,
  roughDuration,
  significant,
  t,
} from "../../frontend/lib/i18n.js";
import { speak } from "./words.js";

const EVENING = "2026-11-25T17:45:59.999Z";

test("the language chosen by hand comes first, then the browser's, then English", () => {
  assert.equal(preferredLanguage("fr", ["en-GB"]), "fr");
  assert.equal(preferredLanguage(null, ["de-DE", "fr-CA", "en"]), "fr");
  assert.equal(preferredLanguage(null, ["de-DE"]), "en");
  assert.equal(preferredLanguage("xx", []), "en");
});

test("a dictionary is made of the words of all subjects", async () => {
  const words = await readWords(async (subject) => ({ [`${subject}.title`]: subject }));
  assert.equal(words["core.title"], "core");
  assert.equal(words["predict.title"], "predict");
});

test("a text takes its values, the plural that fits, and stays readable when it is missing", () => {
  dictionary.set({
    language: "en",
    words: { greet: "Hello {name}, {count} of {most}", "rows.one": "{count} row", "rows.other": "{count} rows" },
  });
  assert.equal(t("greet", { name: "Vega", count: 1, most: 2500 }), "Hello Vega, 1 of 2,500");
  assert.equal(t("rows", { count: 1 }), "1 row");
  assert.equal(t("rows", { count: 0 }), "0 rows");
  assert.equal(t("rows", { count: 1234 }), "1,234 rows");
  assert.equal(t("greet", {}), "Hello {name}, {count} of {most}");
  assert.equal(t("not.there"), "not.there");
  assert.equal(has("greet"), true);
  assert.equal(has("not.there"), false);
});

test("plurals follow the language: 0,7 point is one in French", async () => {
  await speak("fr");
  assert.equal(t("evaluation.points", { points: number(0.7), count: 0.7 }), "0,7 point");
  assert.equal(t("evaluation.points", { points: number(2.6), count: 2.6 }), "2,6 points");
  // French has a form of its own for millions, which no text needs.
  assert.equal(t("training.rows", { count: 1_000_000 }), "1\u202f000\u202f000 lignes");
  await speak("en");
  assert.equal(t("evaluation.points", { points: number(0.7), count: 0.7 }), "0.7 points");
  assert.equal(t("evaluation.points", { points: number(1), count: 1 }), "1 point");
});

test("numbers are written as the language writes them, with a true minus sign", async () => {
  await speak("en");
  assert.equal(number(-1234.5678), "−1,234.568");
  assert.equal(fixed(2, 3), "2.000");
  assert.equal(percent(0.1234), "12.3%");
  assert.equal(percent(-0.05, 0), "−5%");
  assert.equal(significant(0.000012345, 3), "1.23E−5");
  assert.equal(significant(12345.678, 3), "12,300");
  assert.equal(significant(0), "0");
  assert.equal(julianDate(2454995.51384), "2454995.51384");
  await speak("fr");
  assert.equal(number(-1234.5), "−1\u202f234,5");
  assert.equal(percent(0.1234), "12,3\u00a0%");
});

test("what is not a number is written as a dash", async () => {
  await speak("en");
  for (const write of [number, significant, percent, duration, (value) => fixed(value, 2)]) {
    for (const value of [null, undefined, NaN, Infinity]) assert.equal(write(value), "–");
  }
});

test("sizes have a unit that suits them, and bytes a plural", async () => {
  await speak("en");
  assert.equal(fileSize(0), "0 bytes");
  assert.equal(fileSize(1), "1 byte");
  assert.equal(fileSize(29), "29 bytes");
  assert.equal(fileSize(999), "999 bytes");
  assert.equal(fileSize(1000), "1 kB");
  assert.equal(fileSize(1_234_567), "1.2 MB");
  await speak("fr");
  assert.equal(fileSize(29).replaceAll(/\s/g, " "), "29 octets");
});

test("dates are written one way, in UTC", async () => {
  await speak("en");
  assert.equal(date(EVENING), "25 Nov 2026");
  assert.equal(dateTime(EVENING), "25 Nov 2026, 17:45 UTC");
  assert.equal(dateTime("2026-11-25T00:30:00+02:00"), "24 Nov 2026, 22:30 UTC");
  assert.equal(dateTime(null), "–");
  assert.equal(date(undefined), "–");
  await speak("fr");
  assert.equal(dateTime(EVENING), "25 nov. 2026, 17:45 UTC");
});

test("a duration has its two largest units", () => {
  assert.equal(duration(0.2), "0 s");
  assert.equal(duration(59.6), "1 min");
  assert.equal(duration(125), "2 min 5 s");
  assert.equal(duration(3600 * 5 + 61), "5 h 1 min");
});

test("an estimate has no digits that nobody can know", () => {
  assert.equal(roughDuration(14 * 60 + 59), "15 min");
  assert.equal(roughDuration(7), "7 s");
  assert.equal(roughDuration(43), "45 s");
  assert.equal(roughDuration(59.6), "1 min");
  assert.equal(roughDuration(179), "3 min");
  assert.equal(roughDuration(125), "2 min 10 s");
  assert.equal(roughDuration(3 * 3600 + 70), "3 h");
  assert.equal(roughDuration(Number.NaN), "–");
});
