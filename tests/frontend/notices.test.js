// What the page says of an error: its own words for what has a code, in both languages.

import "./browser.js";

import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../frontend/lib/api.js";
import { explain } from "../../frontend/lib/notices.js";
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
