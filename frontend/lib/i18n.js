// The page's words: one dictionary a language, numbers and dates as the language writes them.

import { createStore } from "./store.js";
import { settings } from "./settings.js";

export const LANGUAGES = { en: "English", fr: "Français" };

// A dictionary is in as many files as the page has subjects.
const SUBJECTS = ["core", "datasets", "training", "evaluation", "models", "predict"];

export const dictionary = createStore({ language: null, words: {} });

/** The language that was chosen, else the first one of the browser's that there is. */
export function preferredLanguage() {
  const wanted = [settings.get().language, ...navigator.languages.map((each) => each.slice(0, 2))];
  return wanted.find((each) => each in LANGUAGES) ?? "en";
}

/** Loads a language's dictionary and shows it. */
export async function showLanguage(language) {
  const parts = await Promise.all(
    SUBJECTS.map((subject) => fetch(`/static/locales/${language}/${subject}.json`).then((r) => r.json())),
  );
  document.documentElement.lang = language;
  dictionary.set({ language, words: Object.assign({}, ...parts) });
}

/**
 * A text in the current language.
 *
 * @param {string} key with `values.count`, the form for that number: `key.one` or `key.other`
 * @param {object} values put in the place of `{name}`; numbers are written as the language does
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

/** A number with at most so many decimals: 1,234.5 or 1 234,5. */
export function number(value, decimals = 3) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return formatter(Intl.NumberFormat, { maximumFractionDigits: decimals }).format(value);
}

/** A number with exactly so many decimals. */
export function fixed(value, decimals) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return formatter(Intl.NumberFormat, digits).format(value);
}

/** A number of any size with so many significant digits; very large and small ones as powers. */
export function significant(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const notation = size !== 0 && (size >= 1e7 || size < 1e-4) ? "scientific" : "standard";
  return formatter(Intl.NumberFormat, { maximumSignificantDigits: digits, notation }).format(value);
}

/** A share as a percentage. */
export function percent(share, decimals = 1) {
  if (share === null || share === undefined || !Number.isFinite(share)) return "–";
  const digits = { style: "percent", minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return formatter(Intl.NumberFormat, digits).format(share);
}

/** A size in bytes, in the unit that suits it. */
export function fileSize(bytes) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const form = { style: "unit", unit: units[power], unitDisplay: "short", maximumFractionDigits: power ? 1 : 0 };
  return formatter(Intl.NumberFormat, form).format(bytes / 1000 ** power);
}

/** A time of the API's as a date and time here. */
export function dateTime(text) {
  if (!text) return "–";
  return formatter(Intl.DateTimeFormat, { dateStyle: "medium", timeStyle: "short" }).format(new Date(text));
}

/** A time of the API's as how long ago it was. */
export function ago(text) {
  if (!text) return "–";
  const seconds = (new Date(text) - Date.now()) / 1000;
  const form = formatter(Intl.RelativeTimeFormat, { numeric: "auto" });
  for (const [unit, size] of [["day", 86_400], ["hour", 3_600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return form.format(Math.round(seconds / size), unit);
  }
  return form.format(Math.round(seconds), "second");
}

/** A number of seconds in words: 2 min 5 s. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  const whole = Math.max(0, Math.round(seconds));
  const parts = [["h", Math.floor(whole / 3600)], ["min", Math.floor(whole / 60) % 60], ["s", whole % 60]];
  const told = parts.filter(([, count]) => count > 0).slice(0, 2);
  return told.length ? told.map(([unit, count]) => `${count} ${unit}`).join(" ") : "0 s";
}
