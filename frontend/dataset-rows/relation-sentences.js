// What a row's relations mean, in sentences: those of backend/transit/relation_sentences.py, in either language.

import { fixed, number, significant, t } from "../lib/i18n.js";

// Depths that differ by less are about the same.
const SAME_DEPTH = 1.5;

// A ratio with fewer than two digits before the point has one behind it.
const WHOLE_FROM = 10;

const ARCSEC_PER_ARCMIN = 60;
const ARCSEC_PER_DEGREE = 3600;

// Where the sentence has the name of the other row, which may be a link.
const NAME = "{name}";

/**
 * @typedef {object} Sentence
 * @property {(string | {name: string, line: number, in_training_table: boolean})[]} parts texts, and the
 *   other row where its name stands
 * @property {boolean} isNoticed it may well make a false positive of the row
 */

/**
 * What relations mean.
 *
 * @param {object | null | undefined} relations as the API gives them
 * @returns {Sentence[]} of its star, then of other stars; none of what is unknown
 */
export function relationSentences(relations) {
  const { candidates_on_star: siblings, ephemeris_matches: matches } = relations ?? {};
  return [
    ...(isKnown(siblings) ? ofTheStar(siblings, relations) : []),
    ...(isKnown(matches) ? ofTheMatch(matches, relations) : []),
  ];
}

function ofTheStar(count, { sibling, sibling_period_ratio: ratio }) {
  if (count === 0) return [sentence(t("relations.star.alone"))];
  if (!sibling) return [];
  const details = isKnown(ratio) ? t("relations.ratio", { count, ratio: significant(ratio, 3) }) : "";
  return [sentence(t("relations.star", { count, details }), sibling)];
}

function ofTheMatch(count, { match, match_separation: separation, match_depth_ratio: ratio }) {
  if (count === 0) return [sentence(t("relations.match.alone"))];
  if (!match) return [];
  const depth = depthWord(ratio);
  const known = [away(separation), depthText(depth, ratio)].filter(Boolean);
  const others = count > 1 ? ` ${t("relations.others", { count: count - 1 })}` : "";
  const details = known.length === 0 ? "" : `, ${known.join(` ${t("relations.and")} `)}`;
  return [sentence(t(`relations.match.${depth}`, { details: `${others}${details}` }), match, depth !== "shallower")];
}

/** How deep the match is beside the row: a word of the dictionary. */
function depthWord(ratio) {
  if (!isKnown(ratio)) return "unknown";
  if (ratio >= SAME_DEPTH) return "deeper";
  return ratio <= 1 / SAME_DEPTH ? "shallower" : "alike";
}

function depthText(word, ratio) {
  if (word === "unknown") return "";
  return t(`relations.depth.${word}`, { times: times(word === "shallower" ? 1 / ratio : ratio) });
}

function times(ratio) {
  return ratio >= WHOLE_FROM ? number(ratio, 0) : significant(ratio, 2);
}

function away(separation) {
  if (!isKnown(separation)) return "";
  return t("relations.away", { distance: distance(separation) });
}

/** A distance on the sky in the unit that suits it. */
function distance(arcsec) {
  if (arcsec < ARCSEC_PER_ARCMIN) return `${fixed(arcsec, 0)}″`;
  if (arcsec < ARCSEC_PER_DEGREE) return `${fixed(arcsec / ARCSEC_PER_ARCMIN, 1)}′`;
  return `${fixed(arcsec / ARCSEC_PER_DEGREE, 1)}°`;
}

/** A sentence with the other row where its name stands. */
function sentence(text, other = null, isNoticed = false) {
  if (other === null) return { parts: [text], isNoticed };
  const [before, after] = text.split(NAME);
  const table = other.in_training_table ? ` ${t("relations.inTraining")}` : "";
  return { parts: [before, other, `${table}${after}`], isNoticed };
}

/** Answers of earlier releases and saved analyses may lack any of it. */
function isKnown(value) {
  return typeof value === "number" && Number.isFinite(value);
}
