// The form of a session: the settings that are typed, and what the session will take.

import "./browser.js";

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";

import { rounded, shareOf, steadyEnd } from "../../frontend/lib/progress.js";
import { RECOMMENDED } from "../../frontend/training/form/network-choice.js";
import { expectedTime, isTrainable, labelledRows, splitRows } from "../../frontend/training/form/training-estimate.js";
import { t } from "../../frontend/lib/i18n.js";
import { summaryOf } from "../../frontend/training/cluster/cluster.js";
import { nodeText } from "../../frontend/training/session/session-progress.js";
import { INITIAL_TEXTS, readSettings, RESOURCES, SETTINGS, settingsOf } from "../../frontend/training/form/training-settings.js";
import { speak } from "./words.js";

before(() => speak("en"));

test("the defaults are valid settings", () => {
  const { values, errors } = readSettings(INITIAL_TEXTS);
  assert.deepEqual(errors, {});
  for (const [name, { initial }] of Object.entries(SETTINGS)) assert.equal(values[name], initial);
});

test("each setting out of its range is named, with the range", () => {
  const typed = { ...INITIAL_TEXTS, epochs: "0", seed: "1.5", learning_rate: "fast", model_name: "a b", test_split: "0" };
  const { values, errors } = readSettings(typed);
  assert.deepEqual(Object.keys(errors).sort(), ["epochs", "learning_rate", "model_name", "seed"]);
  assert.match(errors.epochs, /From 1 to 1,000\./);
  assert.equal(values.test_split, 0);
});

test("what is on or off is read as such", () => {
  assert.equal(readSettings(INITIAL_TEXTS).values.use_relations, true);
  assert.equal(readSettings({ ...INITIAL_TEXTS, use_relations: "false" }).values.use_relations, false);
});

test("what is reserved of a cluster may be left empty", () => {
  const { values, errors } = readSettings(INITIAL_TEXTS);
  assert.deepEqual(errors, {});
  for (const name of Object.keys(RESOURCES)) assert.equal(values[name], null);
  const typed = readSettings({ ...INITIAL_TEXTS, cpus: "4", gpus: "0,5", memory_mb: "2000" });
  assert.deepEqual(typed.errors, {});
  assert.deepEqual([typed.values.cpus, typed.values.gpus, typed.values.memory_mb], [4, 0.5, 2000]);
});

test("GPUs are whole, or a part of one", () => {
  const errorOf = (gpus) => readSettings({ ...INITIAL_TEXTS, gpus }).errors.gpus;
  for (const good of ["0", "1", "64", "0.01", "0.25", ""]) assert.equal(errorOf(good), undefined, good);
  for (const bad of ["1.5", "0.001", "65", "-1", "one"]) {
    assert.equal(errorOf(bad), "Expected a number. A whole number up to 64, or a part of one from 0.01.", bad);
  }
});

test("a cluster is summed up by the nodes that are used", () => {
  const node = { cpus: 4, cpus_free: 1, refusal: null };
  const nodes = [node, node, { ...node, refusal: "it has Python 3.9" }, { ...node, cpus: 0, cpus_free: 0 }];
  assert.equal(summaryOf({ reachable: true, nodes }), "Cluster: 2 nodes, 2 of 8 processors free");
  assert.equal(summaryOf({ reachable: true, nodes: [node] }), "Cluster: 1 node, 1 of 4 processors free");
  assert.equal(summaryOf({ reachable: false, nodes }), "Cluster: not reachable");
});

test("a session says the node that it trains on, if there is one", () => {
  assert.equal(nodeText({ node: { name: "alpha", processor: null } }), "on alpha");
  assert.equal(nodeText({ node: null }), "");
  assert.equal(nodeText({}), "");
});

test("relations are a setting of networks that take them, and come before the star's uncertainties", () => {
  const named = (takes, texts) =>
    settingsOf({ takes_relations: takes }, { ...INITIAL_TEXTS, ...texts }).filter((name) => name.startsWith("use_"));
  assert.deepEqual(named(false, { use_relations: "true" }), []);
  assert.deepEqual(named(true, { use_relations: "false" }), ["use_relations"]);
  assert.deepEqual(named(true, { use_relations: "true" }), ["use_relations", "use_stellar_uncertainties"]);
});

test("kinds of false positives are a setting of networks that read light curves", () => {
  const has = (network) => settingsOf(network, INITIAL_TEXTS).includes("use_kinds");
  assert.equal(has({ takes_curves: true }), true);
  assert.equal(has({ takes_curves: false, takes_relations: true }), false);
});

test("a decimal comma is understood", () => {
  assert.equal(readSettings({ ...INITIAL_TEXTS, learning_rate: "0,01" }).values.learning_rate, 0.01);
});

test("validation and test together leave something to train on", () => {
  const held = (share) => readSettings({ ...INITIAL_TEXTS, validation_split: share, test_split: share }).errors;
  assert.deepEqual(held("0.45"), {});
  assert.match(held("0.46").test_split, /0\.92/);
});

test("only labelled rows count, and they are shared out without a rest", () => {
  assert.equal(labelledRows({ class_counts: { CANDIDATE: 3, CONFIRMED: 4, other: 50 } }), 7);
  assert.deepEqual(splitRows(101, { validation_split: 0.15, test_split: 0.2 }), { train: 66, validation: 15, test: 20 });
});

const session = (network, epochSeconds, more = {}) => ({
  spec: { network, ensemble: 1 },
  metrics: { epoch_seconds: epochSeconds },
  dataset_size: 100,
  epochs_completed: 10,
  started_at: "2026-11-25T10:00:00Z",
  completed_at: "2026-11-25T10:01:00Z",
  ...more,
});

test("the time is estimated from sessions with the same network, by rows and networks", () => {
  const wanted = { network: "a", epochs: 20, ensemble: 2, rows: 200 };
  const found = expectedTime([session("a", 1), session("a", 3), session("a", 2), session("b", 50)], wanted);
  assert.equal(found.isSameNetwork, true);
  assert.equal(found.count, 3);
  assert.equal(found.epochSeconds, 8); // the median, 2 s for 100 rows, twice the rows and two networks
  assert.equal(found.restSeconds, 40); // the median of 60 s less ten epochs
  assert.equal(found.seconds, 200);
});

test("sessions of other networks are used if there are none of the same, and interrupted ones never", () => {
  const wanted = { network: "a", epochs: 1, ensemble: 1, rows: 100 };
  assert.equal(expectedTime([session("b", 4)], wanted).isSameNetwork, false);
  assert.equal(expectedTime([session("a", 4, { training: { resumed_from_epoch: 3 } })], wanted), null);
  assert.equal(expectedTime([], wanted), null);
});

test("a share is shown only while epochs are trained: not while it prepares, stops or evaluates", () => {
  const running = { status: "training", stage: "learning", request: null, progress: 0.2 };
  assert.equal(shareOf(running), 0.2);
  assert.equal(shareOf({ ...running, request: "stop" }), null);
  assert.equal(shareOf({ ...running, stage: "evaluating", progress: 0.99 }), null);
  assert.equal(shareOf({ ...running, stage: null, progress: 0 }), null);
  assert.equal(shareOf({ status: "completed", stage: null, request: "stop", progress: 1 }), 1);
});

test("the time that remains counts down and does not follow each small change of the estimate", () => {
  const end = steadyEnd(null, 100, 0);
  assert.equal(end, 100_000);
  assert.equal(steadyEnd(end, 90, 2_000), end);
  assert.equal(steadyEnd(end, 108, 2_000), end);
  assert.equal(steadyEnd(end, 40, 2_000), 42_000);
  assert.deepEqual([7, 61, 125, 601, 3601].map(rounded), [7, 70, 130, 660, 3660]);
});

test("a dataset with too few rows or one class is not chosen for a new session", () => {
  assert.equal(isTrainable({ class_counts: { CANDIDATE: 25, CONFIRMED: 25 } }), true);
  assert.equal(isTrainable({ class_counts: { CANDIDATE: 25, CONFIRMED: 24 } }), false);
  assert.equal(isTrainable({ class_counts: { CANDIDATE: 400 } }), false);
});

test("the recommended network is the one of the lowest log loss in the benchmarks, with the figures measured there", () => {
  const lines = readFileSync(new URL("../../docs/BENCHMARKS.md", import.meta.url), "utf8").split("\n");
  const table = lines.slice(lines.indexOf('<a id="science-koi"></a>'), lines.indexOf('<a id="science-regressions"></a>'));
  const measured = (name) => Number(table.find((line) => line.startsWith(`| ${name} |`)).split("|")[4].split("±")[0]);
  const networks = { transit_cnn: 0, transit_cnn_catalogue: 0, "seed_cnn, 6 epochs": 0 };
  for (const name of Object.keys(networks)) networks[name] = measured(name);
  const best = Object.keys(networks).sort((a, b) => networks[a] - networks[b])[0];
  assert.equal(RECOMMENDED, best);
  const related = lines.find((line) => line.startsWith("| network x 1, nine columns and relations |"));
  const figures = [networks[best], networks.transit_cnn].map((each) => each.toFixed(3));
  for (const each of [...figures, related.split("|")[4].trim()]) assert.ok(t("training.network.recommended.why").includes(each));
});
