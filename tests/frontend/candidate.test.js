// A typed candidate: numbers, ranges, addresses, sliders, and how its diagnostics read.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { fromQuery, nameOf, NOTHING_TYPED, readCandidate, readNumber, toQuery } from "../../frontend/predict/candidate.js";
import { readDiagnostics } from "../../frontend/predict/diagnostics-state.js";
import { PLACES, placeOf, scaleOf, SLIDERS, valueAt } from "../../frontend/predict/sliders.js";
import { speak } from "./words.js";

const TYPED = { ...NOTHING_TYPED, star: " Vega ", period: "3,5", duration: "3", depth: "8 000" };

before(() => speak("en"));

test("a number is read as either language writes it", () => {
  const written = { "3.52": 3.52, "3,52": 3.52, "1.2e4": 12000, "12 800": 12800, "12\u202f800,5": 12800.5, "−3": -3 };
  for (const [text, value] of Object.entries(written)) assert.equal(readNumber(text), value, text);
  for (const text of ["", "x", "1,2,3", "1.2.3", "0x10", "Infinity"]) assert.ok(Number.isNaN(readNumber(text)), text);
});

test("a typed candidate becomes what the API takes, unknown values null", () => {
  const { candidate, errors } = readCandidate(TYPED);
  assert.deepEqual(errors, {});
  assert.equal(candidate.star, "Vega");
  assert.equal(candidate.depth, 8000);
  assert.equal(candidate.steff, null);
});

test("each wrong value is named by its column", () => {
  const { errors } = readCandidate({ ...TYPED, period: "", depth: "much", impact: "-1" });
  assert.deepEqual(Object.keys(errors).sort(), ["depth", "impact", "period"]);
  assert.match(errors.impact, /from 0 to 1,000/);
});

test("a transit as long as its orbit is refused in words", () => {
  const { errors } = readCandidate({ ...TYPED, period: "2", duration: "48" });
  assert.equal(errors.duration, "Expected less than the period: 2 days is 48 hours.");
  assert.deepEqual(readCandidate({ ...TYPED, period: "2", duration: "47.9" }).errors, {});
});

test("a candidate goes into an address and comes back as it was typed", () => {
  const { candidate } = readCandidate(TYPED);
  const query = Object.fromEntries(new URLSearchParams(toQuery(candidate, { model: 4 })));
  assert.equal(query.model, "4");
  assert.ok(!("steff" in query));
  assert.deepEqual(readCandidate(fromQuery(query)).candidate, candidate);
  assert.equal(fromQuery({ model: "4" }), null);
});

test("a candidate without a name is called by its period", () => {
  assert.equal(nameOf({ star: "", period: 3.5 }), "3.5-day candidate");
  assert.equal(nameOf({ star: 0, period: 3.5 }), "0");
});

test("the ends of a slider are its smallest and largest values, and a place leads back to itself", () => {
  for (const [column, { low, high }] of Object.entries(SLIDERS)) {
    const scale = scaleOf(column, null);
    assert.equal(valueAt(0, scale), low);
    assert.equal(valueAt(PLACES, scale), high);
    for (const place of [0, 137, 500, PLACES]) assert.equal(placeOf(valueAt(place, scale), scale), place, column);
  }
});

test("a slider widens for a value beyond it", () => {
  assert.equal(scaleOf("period", 5000).high, 5000);
  assert.equal(placeOf(5000, scaleOf("period", 5000)), PLACES);
  assert.equal(scaleOf("period", 0), SLIDERS.period);
});

test("a diagnostic warns beyond its limit, and says when it is unknown", () => {
  const values = { density_ratio: 0.1, planet_radius: 22.1, is_grazing: true, single_transit_snr: 2.9 };
  const warned = readDiagnostics(values).filter((each) => each.isWarning);
  assert.deepEqual(warned.map((each) => [each.name, each.reading]), [
    ["density_ratio", "low"],
    ["planet_radius", "high"],
    ["is_grazing", "high"],
    ["single_transit_snr", "low"],
  ]);
  const fine = { density_ratio: 5, planet_radius: 22, is_grazing: false, single_transit_snr: 3, relative_duration: 0.1 };
  assert.ok(readDiagnostics(fine).every((each) => each.reading === "fine" && !each.isWarning));
  assert.ok(readDiagnostics({}).every((each) => each.reading === "unknown" && !each.isWarning));
});
