// Searches: what their form reads, where trials are drawn, in which order they are listed.

import "./browser.js";

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { BUDGET, INITIAL_SEARCH, readSearch, spaceOf, toggle } from "../../frontend/studies/search/search-space.js";
import { axesOf, extremes, shownRange, sorted } from "../../frontend/studies/search/trial-places.js";
import { countsOf, mayRetry, sizeText } from "../../frontend/studies/study-kinds.js";
import { INITIAL, readStudy, sessionsOf } from "../../frontend/studies/study-settings.js";
import { speak } from "./words.js";

before(() => speak("en"));

const BASE = { learning_rate: 0.002, batch_size: 128, patience: 10, ensemble: 1, network: "transit_cnn" };

const reading = (patch, base = BASE) => readSearch(JSON.stringify({ ...spaceOf(INITIAL_SEARCH), ...patch }), base);

const trial = (number, value, settings, status = "completed") => ({ number, value, settings, status, best_epoch: 1 });

test("the form as it is at first can be started: the learning rate, in twenty trials", () => {
  const { values, errors } = readStudy({ ...INITIAL, kind: "search" }, "transit_cnn");
  assert.deepEqual(errors, {});
  assert.deepEqual(values.space, { learning_rate: { low: 0.0001, high: 0.01, log: true } });
  assert.deepEqual([values.trials, values.minutes, values.parallel, values.pruning], [20, undefined, 1, true]);
  assert.equal(sessionsOf(values), 20);
  assert.ok(!("folds" in values) && !("seeds" in values));
});

test("a setting that is no longer searched is not in the space, and keeps what was typed", () => {
  const space = toggle(toggle(spaceOf(INITIAL_SEARCH), "ensemble"), "learning_rate");
  const { values } = reading(space);
  assert.deepEqual(values.space, { ensemble: { low: 1, high: 5, log: false } });
  assert.equal(space.ranges.learning_rate.low, "0.0001");
});

test("what the server would refuse is named at its field", () => {
  const range = (low, high) => ({ ranges: { learning_rate: { low, high, log: true } } });
  const fieldsOf = (patch) => Object.keys(reading(patch).errors);
  assert.deepEqual(fieldsOf(range("0", "0.01")), ["space.learning_rate.low"]);
  assert.deepEqual(fieldsOf(range("0.001", "x")), ["space.learning_rate.high"]);
  assert.deepEqual(fieldsOf(range("0.01", "0.001")), ["space.learning_rate.high"]);
  assert.deepEqual(fieldsOf(range("0,003", "0,01")), ["space.learning_rate"]);
  assert.deepEqual(fieldsOf({ searched: [] }), ["space"]);
  assert.deepEqual(fieldsOf({ searched: ["network"] }), ["space.network"]);
  const budget = (patch) => ({ budget: { trials: "20", minutes: "", parallel: "1", ...patch } });
  assert.deepEqual(fieldsOf(budget({ trials: "" })), ["trials"]);
  assert.deepEqual(fieldsOf(budget({ trials: "", minutes: "5" })), []);
  for (const [name, { max }] of Object.entries(BUDGET)) {
    assert.deepEqual(fieldsOf(budget({ [name]: String(max + 1) })), [name]);
  }
});

test("the network to begin with is among those that are tried", () => {
  const { values } = reading({ searched: ["network"], networks: ["seed_cnn", "transit_cnn"] });
  assert.deepEqual(values.space.network, { choices: ["transit_cnn", "seed_cnn"] });
});

test("a draft that cannot be read is as at first", () => {
  assert.deepEqual(spaceOf("{"), spaceOf(INITIAL_SEARCH));
});

test("trials are listed by any column, and what has no figure is last both ways", () => {
  const tried = [
    trial(1, 0.5, { network: "b" }),
    trial(2, null, { network: "a" }),
    trial(3, 0.4, { network: "c" }),
  ];
  const order = (column, isDown) => sorted(tried, { column, isDown }).map(({ number }) => number);
  assert.deepEqual(order("value", false), [3, 1, 2]);
  assert.deepEqual(order("value", true), [1, 3, 2]);
  assert.deepEqual(order("network", false), [2, 1, 3]);
  assert.deepEqual(order("number", true), [3, 2, 1]);
});

test("the axes of the parallel plot are those of the space, the last is the figure", () => {
  const space = {
    learning_rate: { low: 0.0001, high: 0.01, log: true },
    ensemble: { low: 1, high: 5, log: false },
    network: { choices: ["a", "b", "c"] },
  };
  const settings = { learning_rate: 0.001, ensemble: 2, network: "c" };
  const tried = [trial(1, 0.4, settings), trial(2, 0.8, settings), trial(3, 0.5, settings), trial(4, null, settings)];
  const axes = axesOf(space, tried);
  assert.deepEqual(axes.map(({ name }) => name), ["learning_rate", "ensemble", "network", "value"]);
  const places = axes.map(({ place }) => place(tried[2]));
  assert.deepEqual(places.map((place) => Math.round(place * 100) / 100), [0.5, 0.25, 1, 0.25]);
  const { best, worst, count } = extremes(tried);
  assert.deepEqual([best.number, worst.number, count], [1, 2, 3]);
  assert.equal(extremes([tried[3]]), null);
});

test("a plot shows a little more than the range", () => {
  const [low, high] = shownRange({ low: 1, high: 3, log: false });
  assert.ok(low < 1 && low > 0.8 && high > 3 && high < 3.2);
  const [least, most] = shownRange({ low: 0.001, high: 0.1, log: true });
  assert.ok(least < 0.001 && least > 0.0005 && most > 0.1 && most < 0.2);
});

test("a pruned trial is no reason for a retry, a search that was stopped is", () => {
  const counts = { pending: 0, training: 0, completed: 1, failed: 0, cancelled: 1 };
  const tried = [trial(1, 0.4, {}), trial(2, 0.9, {}, "pruned")];
  const search = { state: "trials", added: 2, trials: 2, minutes: null, tried };
  assert.deepEqual(countsOf({ counts, search }), { ...counts, cancelled: 0, pruned: 1 });
  assert.ok(!mayRetry({ counts, search }));
  assert.ok(mayRetry({ counts, search: { ...search, state: "stopped" } }));
  assert.ok(mayRetry({ counts }));
  const [failed, none] = [{ ...counts, failed: 1, cancelled: 0 }, { ...search, tried: [] }];
  const sessions = [{ trial: 1, error: { reason: "diverged" } }];
  assert.ok(!mayRetry({ counts: failed, search: none, sessions }));
  assert.ok(mayRetry({ counts: failed, search: none, sessions: [{ trial: 1, error: { reason: "crashed" } }] }));
  assert.ok(mayRetry({ counts: failed, sessions: [{ trial: null, error: { reason: "diverged" } }] }));
  const late = { trial: 2, error: null, status: "cancelled", epochs_completed: 0 };
  const over = { ...search, state: "minutes", tried: [tried[0], trial(2, null, {}, "cancelled")] };
  assert.ok(!mayRetry({ counts, search: over, sessions: [late] }));
  assert.ok(mayRetry({ counts, search: over, sessions: [{ ...late, epochs_completed: 1 }] }));
  assert.equal(sizeText({ search }), "2 trials so far · at most 2");
});
