// Light curves in the forms that train, in an evaluation, and how far they are prepared.

import "./browser.js";

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { cautions, worth } from "../../frontend/evaluation/light-curve-words.js";
import { curvesOfSpec, shortHash } from "../../frontend/lib/curves-learnt.js";
import { areUnderWay, viewsText } from "../../frontend/light-curves/views-state.js";
import { choosingSet, curvesOf, networksOf, readable } from "../../frontend/training/form/curve-sets.js";
import { formHref } from "../../frontend/training/session/session-settings.js";
import { speak } from "./words.js";

before(() => speak("en"));

const PLAIN = { name: "transit_cnn", takes_curves: false };
const READING = { name: "light_curve_cnn", takes_curves: true };
const NETWORKS = [PLAIN, READING];
const SETS = [
  { id: 3, name: "Kepler", number: 2, stars: 40 },
  { id: 4, name: "being read", number: 0, stars: 0 },
];

const curves = (chosen, ...names) => curvesOf({ chosen, sets: SETS, networks: NETWORKS, names });

test("only sets that were read are offered", () => {
  assert.deepEqual(readable(SETS).map(({ id }) => id), [3]);
  assert.equal(curves("4", READING.name).set, null);
});

test("a set is sent with a network that reads it, and missed by one that needs it", () => {
  assert.equal(curves("3", READING.name).set.id, 3);
  assert.equal(curves("3", READING.name).isMissing, false);
  assert.equal(curves(null, READING.name).isMissing, true);
  assert.equal(curves(null, PLAIN.name).isMissing, false);
});

test("a set that no network reads is not sent, stays chosen, and that is said", () => {
  const { set, isIdle, isMissing, isLost } = curves("3", PLAIN.name);
  assert.deepEqual([set, isIdle, isMissing, isLost], [null, true, false, false]);
  assert.equal(curves("3", PLAIN.name, READING.name).set.id, 3);
});

test("a set that is gone is named as such, and not sent", () => {
  const { set, isLost, isMissing } = curves("9", READING.name);
  assert.deepEqual([set, isLost, isMissing], [null, true, true]);
});

test("the networks of a form are those of its grid or search as well", () => {
  const settings = [{ epochs: 5 }, { network: READING.name }];
  assert.deepEqual(networksOf({ network: PLAIN, values: { settings } }), [PLAIN.name, READING.name]);
  const space = { network: { choices: [PLAIN.name, READING.name] } };
  assert.deepEqual(networksOf({ network: PLAIN, values: { space } }), [PLAIN.name, READING.name]);
  assert.deepEqual(networksOf({ network: PLAIN, values: { space: {} } }), [PLAIN.name]);
});

test("choosing a set chooses the network that reads it, unless one does", () => {
  const choose = (id, network, isRead) => choosingSet(id, { network, networks: NETWORKS, isRead });
  assert.deepEqual(choose("3", PLAIN, false), { curve_set: "3", network: READING.name });
  assert.deepEqual(choose("3", READING, true), { curve_set: "3", network: READING.name });
  // A grid in which another setting reads it.
  assert.deepEqual(choose("3", PLAIN, true), { curve_set: "3", network: PLAIN.name });
  assert.deepEqual(choose("", READING, true), { curve_set: null, network: null });
  assert.deepEqual(choose("", PLAIN, false), { curve_set: null });
});

test("another session with the same settings has the same light curves", () => {
  const session = { dataset_id: 2, spec: { network: READING.name, curve_set_id: 3 } };
  assert.match(formHref({ id: 1 }, session), /\?dataset=2&curve_set=3&network=light_curve_cnn$/);
  const without = { dataset_id: 2, spec: { network: PLAIN.name } };
  assert.match(formHref({ id: 1 }, without), /\?dataset=2&network=transit_cnn$/);
});

const part = (roc_auc, interval, rows = 40) => ({ rows, settled: { roc_auc, intervals: { roc_auc: interval } } });

const paired = (difference, interval, verdict) => ({ settled: { roc_auc: { difference, interval, verdict } } });

test("what light curves are worth is the difference on the rows that have one, with its own interval", () => {
  // Their intervals overlap, and say little: the difference is measured on the same draws for both.
  const both = { with_curve: part(0.91, [0.85, 0.95]), curve_hidden: part(0.85, [0.8, 0.88]) };
  assert.equal(
    worth({ ...both, difference: paired(0.06, [0.031, 0.088], "better") }),
    "On the 40 rows with a light curve, seeing it raises the ROC AUC from 0.850 to 0.910 (+0.060). " +
      "The 95% interval of the difference is +0.031 to +0.088: more than chance.",
  );
  const swapped = { with_curve: both.curve_hidden, curve_hidden: both.with_curve };
  const worse = worth({ ...swapped, difference: paired(-0.06, [-0.088, -0.031], "worse") });
  assert.match(worse, /lowers the ROC AUC from 0.910 to 0.850 \(−0.060\)\. .* is −0.088 to −0.031: more than chance\.$/);
});

test("where the stars cannot tell a difference, that is said", () => {
  const both = { with_curve: part(0.91, [0.88, 0.94]), curve_hidden: part(0.85, [0.81, 0.87]) };
  const open = worth({ ...both, difference: paired(0.06, [-0.01, 0.13], "cannot_tell") });
  assert.match(open, /difference, −0.010 to \+0.130, holds 0: these stars cannot tell\.$/);
  const few = worth({ ...both, difference: paired(0.06, null, "cannot_tell") });
  assert.match(few, /too few to tell whether that is more than chance\.$/);
  const same = { with_curve: part(0.9, null), curve_hidden: part(0.9, null) };
  assert.match(worth({ ...same, difference: paired(0, [0, 0], "cannot_tell") }), /does not change .* of 0\.900\.$/);
});

test("an evaluation of an earlier version did not measure whether the difference is more than chance", () => {
  const both = { with_curve: part(0.91, [0.88, 0.94]), curve_hidden: part(0.85, [0.81, 0.87]) };
  assert.match(worth(both), /\(\+0\.060\)\. An earlier version did not measure whether that is more than chance\.$/);
});

test("without enough rows nothing is claimed", () => {
  assert.match(worth({ with_curve: part(null, null, 0), curve_hidden: part(null, null, 0) }), /^No test row/);
  assert.match(worth({ with_curve: part(null, null, 1), curve_hidden: part(null, null, 1) }), /^Only 1 test row/);
  assert.match(worth({ with_curve: part(null, null), curve_hidden: part(null, null) }), /^40 test rows .* not enough/);
});

test("what tells the label by itself is a caveat from 0.6 on", () => {
  const said = (has_curve, segments) => cautions({ tells_label: { has_curve, segments } });
  assert.deepEqual(said(0.59, null), []);
  assert.deepEqual(said(null, 0.55), []);
  assert.equal(said(0.6, 0.72).length, 2);
  assert.match(said(0.5, 0.72)[0], /number of quarters or sectors .*ROC AUC 0\.72/);
});

test("the state of the views is in words", () => {
  const views = { status: "running", rows: 1200, rows_done: 300, facts: null, error: null };
  assert.match(viewsText(views), /300 of 1,200 rows\.$/);
  assert.match(viewsText({ ...views, rows: 0 }), /waits for its turn/);
  assert.match(viewsText({ ...views, status: "pending" }), /waits for its turn/);
  const facts = { rows_used: 900, rows_with_curve: 1200 };
  assert.match(viewsText({ ...views, status: "completed", facts }), /900 of 1,200 rows with a light curve can be used/);
  assert.match(viewsText({ ...views, status: "failed", error: { message: "The disk is full." } }), /The disk is full\.$/);
  assert.deepEqual(
    ["pending", "running", "completed", "failed", "cancelled"].map((status) => areUnderWay({ status })),
    [true, true, false, false, false],
  );
});

test("a hash is shortened to what tells versions apart", () => {
  assert.equal(shortHash("0123456789abcdef".repeat(4)), "0123456789ab");
});

test("a session of a grid whose network reads no light curves learnt from none", () => {
  const spec = { network: READING.name, curve_set_id: 3, curves_sha256: "ab" };
  assert.deepEqual(curvesOfSpec(spec), { id: 3, sha256: "ab" });
  assert.equal(curvesOfSpec({ ...spec, network: PLAIN.name }), null);
  assert.equal(curvesOfSpec({ network: READING.name }), null);
});
