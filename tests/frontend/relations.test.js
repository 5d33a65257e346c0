// What a row's relations mean, in sentences of both languages; and how results of a table carry them.

import assert from "node:assert/strict";
import { test } from "node:test";

import "./browser.js";

import { relationSentences } from "../../frontend/dataset-rows/relation-sentences.js";
import { areBeingFound } from "../../frontend/dataset-rows/row-relations.js";
import { asInTable, batchResult, EXPORT_HEADER, exportRow, savedResult } from "../../frontend/results/results.js";
import { speak } from "./words.js";

const NOTHING = {
  candidates_on_star: null,
  sibling_period_ratio: null,
  sibling: null,
  ephemeris_matches: null,
  match: null,
  match_separation: null,
  match_depth_ratio: null,
  match_magnitude_difference: null,
  sentences: [],
};

const SIBLING = { name: "K00752.02", in_training_table: false, row: 1 };
const MATCH = { name: "K00123.01", in_training_table: false, row: 7 };

const textOf = ({ parts }) => parts.map((part) => part.name ?? part).join("");

/** The sentences of some relations, as texts. */
function said(relations) {
  return relationSentences({ ...NOTHING, ...relations }).map(textOf);
}

/** What is said of a match, in English and French. */
async function saidOfMatch(relations) {
  const texts = [];
  for (const language of ["en", "fr"]) {
    await speak(language);
    texts.push(...said({ ephemeris_matches: 1, match: MATCH, ...relations }));
  }
  return texts;
}

test("a star's only candidate, and an ephemeris that no other star has, are said to be so", async () => {
  await speak("en");
  assert.deepEqual(said({ candidates_on_star: 0, ephemeris_matches: 0 }), [
    "Its star has no other candidate.",
    "No other star shares its ephemeris.",
  ]);
  await speak("fr");
  assert.deepEqual(said({ candidates_on_star: 0, ephemeris_matches: 0 }), [
    "Son étoile n’a pas d’autre candidat.",
    "Aucune autre étoile ne partage son éphéméride.",
  ]);
});

test("one other candidate of the star is named; of several, the nearest in period", async () => {
  const one = { candidates_on_star: 1, sibling: SIBLING, sibling_period_ratio: 2.0512 };
  await speak("en");
  assert.deepEqual(said(one), [
    "Its star has one other candidate, K00752.02, at a period ratio of 2.05: " +
      "candidates of such stars are more often planets.",
  ]);
  assert.deepEqual(said({ ...one, candidates_on_star: 3, sibling_period_ratio: 2 }), [
    "Its star has 3 other candidates, the nearest in period K00752.02, at a ratio of 2: " +
      "candidates of such stars are more often planets.",
  ]);
  assert.match(said({ ...one, sibling_period_ratio: null })[0], /one other candidate, K00752\.02: candidates/);
  await speak("fr");
  assert.deepEqual(said(one), [
    "Son étoile a un autre candidat, K00752.02, avec un rapport des périodes de 2,05\u00a0: " +
      "les candidats de telles étoiles sont plus souvent des planètes.",
  ]);
  assert.deepEqual(said({ ...one, candidates_on_star: 3, sibling_period_ratio: 2 }), [
    "Son étoile a 3 autres candidats, dont le plus proche en période est K00752.02, avec un rapport de 2\u00a0: " +
      "les candidats de telles étoiles sont plus souvent des planètes.",
  ]);
});

test("a match that is deeper, shallower, as deep, or of unknown depth means different things", async () => {
  const near = { match_separation: 14.2 };
  assert.deepEqual(await saidOfMatch({ ...near, match_depth_ratio: 40.3 }), [
    "Shares its ephemeris with K00123.01, 14″ away and 40 times deeper: probably contamination.",
    "Partage son éphéméride avec K00123.01, à 14″ et 40 fois plus profond\u00a0: " +
      "probablement une contamination (blend).",
  ]);
  assert.deepEqual(await saidOfMatch({ ...near, match_depth_ratio: 0.4 }), [
    "Shares its ephemeris with K00123.01, 14″ away and 2.5 times shallower: " +
      "probably an eclipse that contaminates the other.",
    "Partage son éphéméride avec K00123.01, à 14″ et 2,5 fois moins profond\u00a0: " +
      "probablement une éclipse qui contamine l’autre.",
  ]);
  assert.deepEqual(await saidOfMatch({ ...near, match_depth_ratio: 1.1 }), [
    "Shares its ephemeris with K00123.01, 14″ away and about as deep: " +
      "probably both are contaminated by the same eclipse.",
    "Partage son éphéméride avec K00123.01, à 14″ et de profondeur comparable\u00a0: " +
      "tous deux sont probablement contaminés par la même éclipse.",
  ]);
  assert.deepEqual(await saidOfMatch(near), [
    "Shares its ephemeris with K00123.01, 14″ away: one of them is probably contamination.",
    "Partage son éphéméride avec K00123.01, à 14″\u00a0: l’un des deux est probablement une contamination (blend).",
  ]);
  assert.deepEqual(await saidOfMatch({}), [
    "Shares its ephemeris with K00123.01: one of them is probably contamination.",
    "Partage son éphéméride avec K00123.01\u00a0: l’un des deux est probablement une contamination (blend).",
  ]);
});

test("further matches are counted, and large depths are grouped as the language does", async () => {
  const deep = { ephemeris_matches: 2, match_depth_ratio: 1234.4 };
  assert.deepEqual(await saidOfMatch(deep), [
    "Shares its ephemeris with K00123.01 and 1 more, 1,234 times deeper: probably contamination.",
    "Partage son éphéméride avec K00123.01 et 1 autre, 1\u202f234 fois plus profond\u00a0: " +
      "probablement une contamination (blend).",
  ]);
  const [english, french] = await saidOfMatch({ ...deep, ephemeris_matches: 63, match_separation: 5 });
  assert.match(english, /K00123\.01 and 62 more, 5″ away and 1,234 times deeper:/);
  assert.match(french, /K00123\.01 et 62 autres, à 5″ et 1\u202f234 fois plus profond/);
});

test("a distance on the sky is in seconds, minutes or degrees of arc", async () => {
  for (const [arcsec, english, french] of [
    [0, "0″", "0″"],
    [59, "59″", "59″"],
    [60, "1.0′", "1,0′"],
    [3599, "60.0′", "60,0′"],
    [3600, "1.0°", "1,0°"],
    [162000, "45.0°", "45,0°"],
  ]) {
    const texts = await saidOfMatch({ match_separation: arcsec });
    assert.ok(texts[0].includes(`, ${english} away:`), texts[0]);
    assert.ok(texts[1].includes(`, à ${french}\u00a0:`), texts[1]);
  }
});

test("depths are the same up to a factor of 1.5", async () => {
  await speak("en");
  const meaning = (ratio) => said({ ephemeris_matches: 1, match: MATCH, match_depth_ratio: ratio })[0];
  assert.match(meaning(1.5), /1\.5 times deeper/);
  assert.match(meaning(1.49), /about as deep/);
  assert.match(meaning(1 / 1.49), /about as deep/);
  assert.match(meaning(1 / 1.5), /1\.5 times shallower/);
  assert.match(meaning(9.94), /9\.9 times deeper/);
});

test("another row is named as that of the model's training table, and may be a link there", async () => {
  const match = { ...MATCH, in_training_table: true, row: 12 };
  const [english, french] = await saidOfMatch({ match, match_depth_ratio: 3 });
  assert.equal(
    english,
    "Shares its ephemeris with K00123.01 (in the model’s training table), 3 times deeper: probably contamination.",
  );
  assert.match(french, /avec K00123\.01 \(dans la table d’entraînement du modèle\), 3 fois/);
  const [{ parts }] = relationSentences({ ...NOTHING, ephemeris_matches: 1, match });
  assert.deepEqual(parts[1], match);
});

test("a sibling of the model's training table has one pair of brackets behind its name", async () => {
  const sibling = { ...SIBLING, in_training_table: true };
  const one = { candidates_on_star: 1, sibling, sibling_period_ratio: 2.05 };
  await speak("en");
  assert.match(said(one)[0], /, K00752\.02 \(in the model’s training table\), at a period ratio of 2\.05: /);
  const several = said({ ...one, candidates_on_star: 2 })[0];
  assert.match(several, /period K00752\.02 \(in the model’s training table\), at a ratio of 2\.05: /);
  await speak("fr");
  assert.match(said(one)[0], /\(dans la table d’entraînement du modèle\), avec un rapport des périodes de 2,05\u00a0:/);
});

test("a related row without a name is known by its line, in the cells of an export too", () => {
  const sibling = { name: "", line: 42, in_training_table: true, row: 1 };
  const [{ parts }] = relationSentences({ ...NOTHING, candidates_on_star: 1, sibling, sibling_period_ratio: 2 });
  assert.deepEqual(parts[1], sibling);
  const match = { ...sibling, in_training_table: false };
  const sentences = ["A.", "B."];
  const relations = { ...NOTHING, candidates_on_star: 1, sibling, ephemeris_matches: 1, match, sentences };
  const cells = exportRow(savedResult({}, { label_name: "CONFIRMED", relations }, 0));
  const byName = Object.fromEntries(EXPORT_HEADER.map((name, n) => [name, cells[n]]));
  assert.equal(byName.nearest_sibling, "line 42 (training table)");
  assert.equal(byName.ephemeris_match, "line 42");
  assert.equal(byName.relations_in_words, "A. B.");
});

test("relations are asked for again only while the server is finding them", () => {
  assert.equal(areBeingFound({ rows: [], relations_state: "pending" }), true);
  for (const state of ["found", "unknown", undefined]) {
    assert.equal(areBeingFound({ rows: [], relations_state: state }), false);
  }
});

test("a name may look like a place for a value", async () => {
  await speak("en");
  const [text] = said({ candidates_on_star: 1, sibling: { ...SIBLING, name: "{ratio} {name}" } });
  assert.match(text, /one other candidate, \{ratio\} \{name\}: candidates/);
});

test("what contaminates the row is noticed, and a shallower match or a sibling is not", () => {
  const noticed = (relations) => relationSentences({ ...NOTHING, ...relations }).map((each) => each.isNoticed);
  const match = { ephemeris_matches: 1, match: MATCH };
  assert.deepEqual(noticed({ candidates_on_star: 1, sibling: SIBLING, ephemeris_matches: 0 }), [false, false]);
  assert.deepEqual(noticed({ ...match, match_depth_ratio: 2 }), [true]);
  assert.deepEqual(noticed({ ...match, match_depth_ratio: 1 }), [true]);
  assert.deepEqual(noticed({ ...match, match_depth_ratio: 0.5 }), [false]);
  assert.deepEqual(noticed(match), [true]);
});

test("of what is unknown, absent or nonsense nothing is said", () => {
  for (const relations of [null, undefined, {}, NOTHING, "text", { candidates_on_star: "2", ephemeris_matches: NaN }]) {
    assert.deepEqual(relationSentences(relations), []);
  }
  assert.deepEqual(said({ candidates_on_star: 2, ephemeris_matches: 1 }), []);
});

test("a row predicted again alone keeps the class and the relations that it has in its table", () => {
  const relations = { ...NOTHING, candidates_on_star: 0 };
  const row = {
    values: {},
    predicted_label: "FALSE POSITIVE",
    probabilities: { CANDIDATE: 0.1, CONFIRMED: 0.2, "FALSE POSITIVE": 0.7 },
    uncertain: true,
    prediction_error: null,
    relations,
    light_curve: true,
  };
  const alone = { label: 1, label_name: "CONFIRMED", probabilities: {}, uncertain: false, relations: null, period: 3 };
  alone.unlike_training = [{ code: "no_relations", columns: ["relations"] }];
  assert.deepEqual(asInTable(alone, batchResult(row, { fields: {} })), {
    label: 2,
    label_name: "FALSE POSITIVE",
    probabilities: row.probabilities,
    uncertain: true,
    relations,
    period: 3,
    light_curve: true,
    unlike_training: [],
  });
});

test("a row whose relations are unknown in its table too is still said to lack them", () => {
  const unlike = [{ code: "no_relations", columns: ["relations"] }];
  const result = savedResult({}, { label_name: "CONFIRMED", relations: null }, 0);
  assert.deepEqual(asInTable({ unlike_training: unlike }, result).unlike_training, unlike);
});

test("results of earlier releases have no relations", () => {
  assert.equal(savedResult({}, { label_name: "CONFIRMED" }, 0).relations, undefined);
  assert.equal(savedResult({}, { label_name: "CONFIRMED", relations: null }, 0).relations, null);
});
