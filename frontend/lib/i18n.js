// The page's words in English and French; numbers, sizes, dates and times as each language writes them.

import { createStore } from "./store.js";

export const LANGUAGES = { en: "English", fr: "Français" };

// Each language has one file of words a subject.
const SUBJECTS = [
  ...["core", "datasets", "labels", "reading", "training", "studies", "evaluation", "models", "predict"],
  "light-curves",
  "account",
];

export const dictionary = createStore({ language: null, words: {} });

/**
 * The language chosen by hand, else the first of the browser's that the page has.
 *
 * @param {string | null} chosen
 * @param {readonly string[]} browserLanguages such as "fr-CA"
 */
export function preferredLanguage(chosen, browserLanguages) {
  const candidates = [chosen, ...browserLanguages.map((each) => each.slice(0, 2))];
  return candidates.find((each) => each in LANGUAGES) ?? "en";
}

/** Loads a language's dictionary and shows the page in it. */
export async function showLanguage(language) {
  const read = (subject) => fetch(`/static/locales/${language}/${subject}.json`).then((r) => r.json());
  const words = await readWords(read);
  document.documentElement.lang = language;
  dictionary.set({ language, words });
}

/** The whole dictionary of a language; `read` gives the words of one subject. */
export async function readWords(read) {
  return Object.assign({}, ...(await Promise.all(SUBJECTS.map(read))));
}

/**
 * A text in the current language.
 *
 * @param {string} key with `values.count`, `key.one` or `key.other` is taken
 * @param {object} values replace `{name}`; numbers are formatted
 */
export function t(key, values = {}) {
  const { words } = dictionary.get();
  const text = words[key] ?? ("count" in values ? plural(words, key, values.count) : undefined) ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? number(value) : String(value);
  });
}

/** Whether the dictionary has a text. */
export function has(key) {
  return key in dictionary.get().words;
}

function plural(words, key, count) {
  const rule = formatter(Intl.PluralRules).select(count);
  return words[`${key}.${rule}`] ?? words[`${key}.other`];
}

function language() {
  return dictionary.get().language ?? "en";
}

const formatters = new Map();

/** A formatter of `Intl`, made once: a table of numbers takes a second to show otherwise. */
function formatter(Kind, options) {
  const key = JSON.stringify([Kind.name, language(), options]);
  if (!formatters.has(key)) formatters.set(key, new Kind(language(), options));
  return formatters.get(key);
}

const NOT_KNOWN = "–";

/** A number as the language writes it, with a true minus sign; a dash where there is none. */
function written(value, form) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NOT_KNOWN;
  return formatter(Intl.NumberFormat, form).format(value).replaceAll("-", "−");
}

/** A number with at most a given number of decimals: 1,234.5 or 1 234,5. */
export function number(value, decimals = 3) {
  return written(value, { maximumFractionDigits: decimals });
}

/** A number with exactly a given number of decimals. */
export function fixed(value, decimals) {
  return written(value, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** A number of any size with a given number of significant digits; very large and small ones as powers. */
export function significant(value, digits = 4) {
  const size = Math.abs(value);
  const notation = size !== 0 && (size >= 1e7 || size < 1e-4) ? "scientific" : "standard";
  return written(value, { maximumSignificantDigits: digits, notation });
}

/** A Julian date: its digits are never grouped. */
export function julianDate(value) {
  return written(value, { maximumSignificantDigits: 12, useGrouping: false });
}

/** A share as a percentage. */
export function percent(share, decimals = 1) {
  const form = { style: "percent", minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return written(share, form);
}

/** A size in bytes, in the unit that suits it: 0 bytes, 29 bytes, 1.2 MB. */
export function fileSize(bytes) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  // The short form of a byte has no plural.
  const form = power ? { unitDisplay: "short", maximumFractionDigits: 1 } : { unitDisplay: "long" };
  return written(bytes / 1000 ** power, { style: "unit", unit: units[power], ...form });
}

/** The day of an API timestamp: 25 Nov 2026. The same for everybody, so in UTC. */
export function date(timestamp) {
  if (!timestamp) return NOT_KNOWN;
  const form = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
  const parts = formatter(Intl.DateTimeFormat, form).formatToParts(new Date(timestamp));
  const part = (type) => parts.find((each) => each.type === type).value;
  return `${part("day")} ${part("month")} ${part("year")}`;
}

/** An API timestamp to the minute: 25 Nov 2026, 17:45 UTC. */
export function dateTime(timestamp) {
  if (!timestamp) return NOT_KNOWN;
  return `${date(timestamp)}, ${new Date(timestamp).toISOString().slice(11, 16)} UTC`;
}

/** A number of seconds, in its two largest units: 2 min 5 s. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return NOT_KNOWN;
  const whole = Math.max(0, Math.round(seconds));
  const parts = [["h", Math.floor(whole / 3600)], ["min", Math.floor(whole / 60) % 60], ["s", whole % 60]];
  const shown = parts.filter(([, count]) => count > 0).slice(0, 2);
  return shown.length ? shown.map(([unit, count]) => `${count} ${unit}`).join(" ") : "0 s";
}

// From so many seconds on, an estimate is rounded to so many.
const ROUGH = [
  [7200, 300],
  [600, 60],
  [60, 10],
  [20, 5],
];

/** An estimated number of seconds, without digits that nobody can know: 15 min for 14 min 59 s. */
export function roughDuration(seconds) {
  const [, step] = ROUGH.find(([from]) => seconds >= from) ?? [0, 1];
  return duration(Math.round(seconds / step) * step);
}
