// What the page says of an error: its own words for what has a code, in both languages.

import "./browser.js";

import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../frontend/lib/api.js";
import { t } from "../../frontend/lib/i18n.js";
import { closeAll, closeSeen, explain, hold, notices, notify } from "../../frontend/lib/notices.js";
import { stoppedClock } from "./clock.js";
import { speak } from "./words.js";

const CORRUPT = { title: "Conflict", status: 409, detail: "The model's file is damaged.", code: "model_corrupt" };

test("a damaged model is explained in the language of the page", async () => {
  await speak("en");
  assert.match(explain(new ApiError(409, CORRUPT)), /^This model cannot be used: .* damaged or missing/);
  await speak("fr");
  assert.match(explain(new ApiError(409, CORRUPT)), /^Ce modèle ne peut pas être utilisé/);
});

test("an error without a code, or with an unknown one, has the server's words", async () => {
  await speak("fr");
  assert.equal(explain(new ApiError(409, { detail: "No." })), "No.");
  assert.equal(explain(new ApiError(409, { detail: "No.", code: "of_tomorrow" })), "No.");
});

const shown = () => notices.get().list.map(({ say }) => say());

test("a notice goes by itself, an error and one that stays later; not while it is hidden or held", (context) => {
  const clock = stoppedClock(context);
  globalThis.document = { hidden: false };
  context.after(() => {
    closeAll();
    delete globalThis.document;
  });
  const seconds = (count) => Array.from({ length: count }).forEach(() => clock.tick(1_000));
  notify(() => "done", { kind: "success" });
  notify(() => "refused", { kind: "error" });
  notify(() => "elsewhere", { stays: true });
  seconds(7);
  assert.deepEqual(shown(), ["done", "refused", "elsewhere"]);
  seconds(1);
  assert.deepEqual(shown(), ["refused", "elsewhere"]);
  document.hidden = true;
  seconds(60);
  document.hidden = false;
  hold(true);
  seconds(60);
  hold(false);
  assert.deepEqual(shown(), ["refused", "elsewhere"]);
  seconds(12);
  assert.deepEqual(shown(), ["elsewhere"]);
  seconds(10);
  assert.deepEqual(shown(), []);
});

test("the notice of a session goes when the session is opened, and no other", (context) => {
  stoppedClock(context);
  notify(() => "session 1", { link: "#/w/1/sessions/1" });
  notify(() => "session 12", { link: "#/w/1/sessions/12" });
  closeSeen("/w/1/sessions/1/evaluation");
  assert.deepEqual(shown(), ["session 12"]);
  closeAll();
});

test("a notice speaks the language that the page has now, and is not there twice", async (context) => {
  stoppedClock(context);
  await speak("en");
  notify(() => t("close"));
  notify(() => t("close"));
  assert.deepEqual(shown(), ["Close"]);
  await speak("fr");
  assert.deepEqual(shown(), ["Fermer"]);
  closeAll();
});

test("two deletions that are said alike are both there, each with its way back", (context) => {
  stoppedClock(context);
  const act = () => {};
  notify(() => "2 sessions deleted.", { act, actSays: () => "Undo" });
  notify(() => "2 sessions deleted.", { act, actSays: () => "Undo" });
  assert.deepEqual(shown(), ["2 sessions deleted.", "2 sessions deleted."]);
  closeAll();
});
