// What stands beside a prediction of a row unlike the training rows, in place of what the threshold promises.

import assert from "node:assert/strict";
import { test } from "node:test";

import "./browser.js";

import { Verdict } from "../../frontend/predict/verdict.js";
import { UnlikeTrainingNote } from "../../frontend/ui/verdict-notes.js";
import { speak } from "./words.js";

const NO_RELATIONS = { code: "no_relations", columns: ["relations"], accuracy: 0.7, accuracy_with: 0.81 };
const MEASURED = { ...NO_RELATIONS, precision: 0.874, coverage: 0.612 };
const SURVEY = { code: "another_survey", trained_on: "koi", source: "toi", columns: [] };

const ABOVE = "Without relations, 87.4% of the predictions above the threshold were correct on the test stars";

/** The text of what a component renders, those within it included. */
function textOf(node) {
  if (Array.isArray(node)) return node.map(textOf).join("");
  if (typeof node === "string" || typeof node === "number") return String(node);
  if (!node) return "";
  return textOf(typeof node.type === "function" ? node.type(node.props) : node.props.children);
}

/** What the page says of a prediction above the threshold. */
function said(unlike) {
  const prediction = {
    label_name: "CONFIRMED",
    probabilities: { CANDIDATE: 0.05, CONFIRMED: 0.9, "FALSE POSITIVE": 0.05 },
    uncertain: false,
    unlike_training: unlike,
  };
  return textOf(Verdict({ prediction, abstention: { threshold: 0.8, precision: 0.9 } }));
}

const isPromised = (text) => /validation stars|étoiles de validation/.test(text);
const hasThreshold = (text) => /model threshold/.test(text);

test("a prediction like the training rows has what the threshold promises", async () => {
  await speak("en");
  for (const text of [said([]), said(undefined)]) {
    assert.match(text, /On the validation stars, 90% of such predictions were correct\./);
    assert.ok(hasThreshold(text));
    assert.doesNotMatch(text, /relations/);
  }
});

test("without relations, the figures that were measured without them stand in place of the promise", async () => {
  await speak("en");
  const english = said([MEASURED]);
  assert.ok(english.includes(`${ABOVE} (61.2% of them are above it).`), english);
  assert.match(english, /its accuracy is 70\.0% without relations and 81\.0% with them\./);
  assert.ok(hasThreshold(english) && !isPromised(english));
  await speak("fr");
  const french = said([MEASURED]);
  const above = "Sans relations, 87,4\u00a0% des prédictions au-dessus du seuil étaient correctes";
  assert.ok(french.includes(`${above} sur les étoiles de test (61,2\u00a0% des prédictions le dépassent).`), french);
  assert.ok(!isPromised(french));
});

test("where they were not measured, nothing is promised", async () => {
  await speak("en");
  for (const unmeasured of [NO_RELATIONS, { ...NO_RELATIONS, precision: null, coverage: 0 }]) {
    const text = said([unmeasured]);
    assert.match(text, /How it relates to other rows is unknown/);
    assert.doesNotMatch(text, /above the threshold/);
    assert.ok(!hasThreshold(text) && !isPromised(text));
  }
});

test("of another survey, figures without relations promise nothing either", async () => {
  await speak("en");
  const text = said([SURVEY, MEASURED]);
  assert.match(text, /How often such predictions are right here is unknown/);
  assert.doesNotMatch(text, /above the threshold/);
  assert.ok(!hasThreshold(text) && !isPromised(text));
});

test("the rows of a table are spoken of together", async () => {
  await speak("en");
  const text = textOf(UnlikeTrainingNote({ found: [MEASURED], isTable: true }));
  assert.match(text, /^How these rows relate to others is unknown/);
  assert.ok(text.includes(ABOVE));
  assert.equal(UnlikeTrainingNote({ found: undefined }), null);
});
