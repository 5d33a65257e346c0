// API calls: the token, errors in one form; a read waits while the server is busy.

import { noteLost, noteReached } from "./connection.js";
import { pauseFor, pauseOver } from "./pause.js";
import { isBusy, secondsToWait, USUAL_SECONDS } from "./retry-after.js";
import { settings } from "./settings.js";
import { createStore } from "./store.js";

/** Why the page signed out by itself: "refused" or "expired" is the token; null: it did not. */
export const dismissal = createStore({ reason: null });

/** A problem reported by the server (RFC 9457); `retryAfter` in seconds, null if it names no time. */
export class ApiError extends Error {
  constructor(status, problem, retryAfter = null) {
    super(problem.detail ?? problem.title ?? `HTTP ${status}`);
    this.status = status;
    this.problem = problem;
    this.errors = problem.errors ?? [];
    this.retryAfter = retryAfter;
  }
}

/** The server did not respond. */
export class ConnectionLost extends Error {}

/**
 * Sends a request and gives the answer's JSON.
 *
 * @param {string} method
 * @param {string} path such as "/api/training/datasets"
 * @param {object} options query: an object; body: sent as JSON, or FormData; headers; signal
 * @returns the JSON; null for 304
 * @throws {ApiError} the server refused; {ConnectionLost} it did not answer
 */
export async function call(method, path, options = {}) {
  const response = await send(method, path, options);
  return response.status === 304 ? null : response.json();
}

export const get = (path, query, options) => call("GET", path, { query, ...options });
export const post = (path, body, options) => call("POST", path, { body: body ?? undefined, ...options });
export const patch = (path, body) => call("PATCH", path, { body });
export const remove = (path) => call("DELETE", path);

/**
 * As `call`, but gives the response itself: for files.
 *
 * What only reads is sent once the server may be asked, and again where it was busy: such a call takes
 * longer, it does not fail. With `isOnce` it is sent at once and fails.
 */
export async function send(method, path, options = {}) {
  if (method !== "GET" || options.isOnce) return sendOnce(method, path, options);
  const { token } = settings.get();
  for (;;) {
    await pauseOver(options.signal);
    if (settings.get().token !== token) throw new DOMException("Signed out", "AbortError");
    try {
      return await sendOnce(method, path, options);
    } catch (error) {
      if (!(error instanceof ApiError && isBusy(error.status))) throw error;
      pauseFor(error.retryAfter ?? USUAL_SECONDS);
    }
  }
}

async function sendOnce(method, path, { query, body, headers = {}, signal, isPatient }) {
  const isForm = body instanceof FormData;
  const { token } = settings.get();
  let response;
  try {
    response = await fetch(withQuery(path, query), {
      method,
      ...(isPatient || method !== "GET" ? { signal } : { signal: withLimit(signal) }),
      headers: {
        ...authorization(token),
        ...(body && !isForm ? { "Content-Type": "application/json" } : {}),
        ...headers,
      },
      body: body && !isForm ? JSON.stringify(body) : body,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    noteLost();
    throw new ConnectionLost(error.message);
  }
  noteReached();
  if (!response.ok && response.status !== 304) {
    const header = (name) => response.headers.get(name);
    throw refused(token, response.status, await problemOf(response), header);
  }
  return response;
}

/**
 * Uploads a form or bytes and reports the progress, which `fetch` cannot.
 *
 * @param {string} path
 * @param {FormData | ArrayBuffer} content
 * @param {(share: number) => void} onProgress from 0 to 1
 * @param {{method?: string, responseType?: string, headers?: object, signal?: AbortSignal}} options
 *   responseType "json" or "blob"
 * @returns {Promise<{status: number, body: any}>}
 */
export function upload(path, content, onProgress, options = {}) {
  const { method = "POST", responseType = "json", headers = {}, signal } = options;
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, path);
    request.responseType = responseType;
    const { token } = settings.get();
    const all = { ...authorization(token), ...headers };
    for (const [name, value] of Object.entries(all)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onload = async () => {
      noteReached();
      const { status, response } = request;
      const header = (name) => request.getResponseHeader(name);
      if (status < 400) return resolve({ status, body: response, header });
      const problem = response instanceof Blob ? await problemOf(new Response(response)) : response;
      return reject(refused(token, status, problem ?? {}, header));
    };
    request.onerror = () => {
      noteLost();
      reject(new ConnectionLost());
    };
    request.onabort = () => reject(new DOMException("Aborted", "AbortError"));
    signal?.addEventListener("abort", () => request.abort());
    request.send(content);
  });
}

/** Fetches a file of the API and hands it to the browser to save. */
export async function download(path, fallbackName) {
  const response = await send("GET", path, { isPatient: true });
  const named = /filename="?([^";]+)"?/.exec(response.headers.get("Content-Disposition") ?? "");
  saveBlob(await response.blob(), named?.[1] ?? fallbackName);
}

/** Hands something made in the page to the browser to save. */
export function saveBlob(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A poll with an ETag: `next()` returns the JSON, or null while nothing changes (304). */
export function conditional(pathOf) {
  let tag = null;
  let lastPath = null;
  return async function next() {
    const path = pathOf();
    const headers = tag && path === lastPath ? { "If-None-Match": tag } : {};
    const response = await send("GET", path, { headers });
    tag = response.headers.get("ETag");
    lastPath = path;
    return response.status === 304 ? null : response.json();
  };
}

export function withQuery(path, query = {}) {
  const isGiven = ([, value]) => value !== null && value !== undefined && value !== "";
  const given = Object.entries(query ?? {}).filter(isGiven);
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

function authorization(token) {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

async function problemOf(response) {
  try {
    return await response.json();
  } catch {
    return { title: response.statusText };
  }
}

function refused(token, status, problem, header) {
  // Who has signed in anew meanwhile has another token.
  if (status === 401 && token && token === settings.get().token) {
    dismissal.set({ reason: /expired/i.test(header("WWW-Authenticate") ?? "") ? "expired" : "refused" });
    settings.set({ token: null });
  }
  return new ApiError(status, problem, secondsToWait(header("Retry-After"), header("Date")));
}

// A server that hangs is as good as gone; even a busy one responds within a second.
const LONGEST_ANSWER = 20_000;

function withLimit(signal) {
  const limit = AbortSignal.timeout(LONGEST_ANSWER);
  return signal ? AbortSignal.any([signal, limit]) : limit;
}
