// A busy server: what it says of the time, and that everything waits for it and goes on.

import "./browser.js";

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { ApiError, dismissal, get, post } from "../../frontend/lib/api.js";
import { connection, noteLost } from "../../frontend/lib/connection.js";
import { withPatience } from "../../frontend/lib/patience.js";
import { pause, pauseFor, pauseOver } from "../../frontend/lib/pause.js";
import { secondsToWait } from "../../frontend/lib/retry-after.js";
import { settings } from "../../frontend/lib/settings.js";
import { stoppedClock } from "./clock.js";

const NOON = "Wed, 25 Nov 2026 12:00:00 GMT";
const HALF_PAST = "Wed, 25 Nov 2026 12:00:30 GMT";

beforeEach(() => {
  settings.set({ token: null });
  dismissal.set({ reason: null });
  settings.set({ token: "mine" });
});

/** Answers each request with the next of some responses, and counts them. */
function serve(context, ...responses) {
  return context.mock.method(globalThis, "fetch", async () => responses.shift()).mock;
}

function busy(status, retryAfter) {
  return Response.json({ detail: "Busy." }, { status, headers: { "Retry-After": retryAfter, Date: NOON } });
}

/** Runs what waits for promises only. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test("the time to wait is read as seconds and as a date, by the server's clock", () => {
  assert.equal(secondsToWait("30"), 30);
  assert.equal(secondsToWait(HALF_PAST, NOON), 30);
  assert.equal(secondsToWait(new Date(Date.now() + 60_000).toUTCString()) > 50, true);
});

test("a time to wait has bounds, and what is none is none", () => {
  assert.equal(secondsToWait("0"), 1);
  assert.equal(secondsToWait(NOON, HALF_PAST), 1);
  assert.equal(secondsToWait("86400"), 300);
  assert.equal(secondsToWait("Thu, 26 Nov 2026 12:00:00 GMT", NOON), 300);
  for (const header of [null, "", "-5", "soon", "Soon, perhaps", "1e3", "0.5"]) {
    assert.equal(secondsToWait(header), null, header);
  }
});

for (const status of [429, 503]) {
  for (const header of ["30", HALF_PAST]) {
    test(`a read answered with ${status} and ${header} comes back after that time, not before`, async (context) => {
      const clock = stoppedClock(context);
      context.mock.method(Math, "random", () => 0);
      const asked = serve(context, busy(status, header), Response.json({ rows: 1 }));
      const answer = get("/api/rows");
      await settle();
      assert.equal(pause.get().until, 30_000);
      clock.tick(29_999);
      await settle();
      assert.equal(asked.callCount(), 1);
      clock.tick(1);
      assert.deepEqual(await answer, { rows: 1 });
      assert.equal(pause.get().until, null);
    });
  }
}

test("during a pause nothing else is read, and all goes on when it is over", async (context) => {
  const clock = stoppedClock(context);
  const asked = serve(context, busy(503, "10"), Response.json(1), Response.json(2));
  const first = get("/api/a");
  await settle();
  const second = get("/api/b");
  await settle();
  assert.equal(asked.callCount(), 1);
  clock.tick(11_000);
  assert.deepEqual((await Promise.all([first, second])).sort(), [1, 2]);
});

test("a pause is never shortened by another answer", async (context) => {
  const clock = stoppedClock(context);
  context.mock.method(Math, "random", () => 0);
  serve(context, busy(429, "60"), busy(429, "2"), Response.json(1), Response.json(2));
  const both = Promise.all([get("/api/a"), get("/api/b")]);
  await settle();
  assert.equal(pause.get().until, 60_000);
  clock.tick(60_000);
  await both;
});

test("a call that changes something is not sent again by itself: its error names the time", async (context) => {
  const asked = serve(context, busy(429, "42"));
  await assert.rejects(post("/api/tokens", {}), { status: 429, retryAfter: 42 });
  assert.equal(asked.callCount(), 1);
  assert.equal(pause.get().until, null);
});

test("a read that is wanted once fails at once, as at sign-in", async (context) => {
  const asked = serve(context, busy(429, "42"));
  await assert.rejects(get("/api/me", null, { isOnce: true }), { status: 429, retryAfter: 42 });
  assert.equal(asked.callCount(), 1);
});

test("a refused token ends the pause, and what waited is not sent without it", async (context) => {
  stoppedClock(context);
  const asked = serve(context, busy(503, "10"), Response.json({}, { status: 401 }));
  const waiting = get("/api/a");
  await settle();
  await assert.rejects(post("/api/b"), { status: 401 });
  assert.equal(settings.get().token, null);
  assert.equal(dismissal.get().reason, "refused");
  assert.equal(pause.get().until, null);
  await assert.rejects(waiting, { name: "AbortError" });
  assert.equal(asked.callCount(), 2);
});

test("an expired token is called so", async (context) => {
  const why = 'Bearer error="invalid_token", error_description="The token expired"';
  serve(context, Response.json({}, { status: 401, headers: { "WWW-Authenticate": why } }));
  await assert.rejects(get("/api/a"), { status: 401 });
  assert.equal(dismissal.get().reason, "expired");
});

test("a late refusal of the token before leaves the new one alone", async (context) => {
  let respond = null;
  context.mock.method(globalThis, "fetch", () => new Promise((resolve) => (respond = resolve)));
  const late = get("/api/a");
  await settle();
  settings.set({ token: "new" });
  respond(Response.json({}, { status: 401 }));
  await assert.rejects(late, { status: 401 });
  assert.equal(settings.get().token, "new");
  assert.equal(dismissal.get().reason, null);
});

test("an aborted read leaves the pause", async (context) => {
  stoppedClock(context);
  pauseFor(10);
  const control = new AbortController();
  const waiting = pauseOver(control.signal);
  control.abort();
  await assert.rejects(waiting, { name: "AbortError" });
});

for (const status of [429, 503]) {
  test(`what only computes is asked again after a ${status}, four times at most`, async () => {
    const refuse = () => Promise.reject(new ApiError(status, {}, 600));
    const skipping = (waits) => ({ onWait: (wait) => (wait ? wait.skip() : null, waits.push(wait?.retry ?? null)) });
    let calls = 0;
    const waits = [];
    const ask = () => ((calls += 1) < 3 ? refuse() : Promise.resolve("done"));
    assert.equal(await withPatience(ask, skipping(waits)), "done");
    assert.deepEqual(waits, [1, null, 2, null]);
    calls = 0;
    await assert.rejects(withPatience(() => ((calls += 1), refuse()), skipping([])), { status });
    assert.equal(calls, 4);
  });
}

test("another error is not waited for, and an abort ends a wait", async () => {
  let calls = 0;
  const refused = () => ((calls += 1), Promise.reject(new ApiError(422, {})));
  await assert.rejects(withPatience(refused, { onWait: assert.fail }), { status: 422 });
  assert.equal(calls, 1);
  const control = new AbortController();
  const waiting = withPatience(() => Promise.reject(new ApiError(503, {}, 600)), {
    onWait: (wait) => wait && queueMicrotask(() => wait.skip && control.abort()),
    signal: control.signal,
  });
  await assert.rejects(waiting, { name: "AbortError" });
});

test("while the server is away, its health is asked for when it says, then all goes on", async (context) => {
  const clock = stoppedClock(context);
  const asked = serve(context, busy(503, "40"), Response.json({}));
  noteLost();
  clock.tick(1_000);
  await settle();
  clock.tick(39_999);
  await settle();
  assert.equal(asked.callCount(), 1);
  clock.tick(1);
  await settle();
  assert.deepEqual(connection.get(), { lost: false, since: 1 });
});
