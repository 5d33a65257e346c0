// API calls: the token, errors in one form, whether the server is reachable.

import { settings } from "./settings.js";
import { createStore } from "./store.js";

/** Whether the last call reached the server; `since` counts the times that it came back. */
export const connection = createStore({ lost: false, since: 0 });

/** A problem reported by the server (RFC 9457); `retryAfter` in seconds, if given. */
export class ApiError extends Error {
  constructor(status, problem, retryAfter = null) {
    super(problem.detail ?? problem.title ?? `HTTP ${status}`);
    this.status = status;
    this.problem = problem;
    this.errors = problem.errors ?? [];
    this.retryAfter = Number(retryAfter) || null;
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

/** As `call`, but gives the response itself: for files. */
export async function send(method, path, { query, body, headers = {}, signal, isPatient } = {}) {
  const isForm = body instanceof FormData;
  let response;
  try {
    response = await fetch(withQuery(path, query), {
      method,
      ...(isPatient || method !== "GET" ? { signal } : { signal: withLimit(signal) }),
      headers: {
        ...authorization(),
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
    throw refused(response.status, await problemOf(response), response.headers.get("Retry-After"));
  }
  return response;
}

/**
 * Uploads a form and reports its progress, which `fetch` cannot.
 *
 * @param {string} path
 * @param {FormData} form
 * @param {(share: number) => void} onProgress from 0 to 1
 * @param {{responseType?: string, signal?: AbortSignal}} options responseType "json" or "blob"
 * @returns {Promise<{status: number, body: any}>}
 */
export function upload(path, form, onProgress, { responseType = "json", signal } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.responseType = responseType;
    for (const [name, value] of Object.entries(authorization())) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onload = async () => {
      noteReached();
      const { status, response } = request;
      if (status < 400) return resolve({ status, body: response });
      const problem = response instanceof Blob ? await problemOf(new Response(response)) : response;
      return reject(refused(status, problem ?? {}, request.getResponseHeader("Retry-After")));
    };
    request.onerror = () => {
      noteLost();
      reject(new ConnectionLost());
    };
    request.onabort = () => reject(new DOMException("Aborted", "AbortError"));
    signal?.addEventListener("abort", () => request.abort());
    request.send(form);
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

function authorization() {
  const { token } = settings.get();
  return token ? { Authorization: `Bearer ${token}` } : {};
}

async function problemOf(response) {
  try {
    return await response.json();
  } catch {
    return { title: response.statusText };
  }
}

function refused(status, problem, retryAfter) {
  if (status === 401) settings.set({ token: null });
  return new ApiError(status, problem, retryAfter);
}

function noteReached() {
  const { lost, since } = connection.get();
  if (lost) connection.set({ lost: false, since: since + 1 });
}

// A server that hangs is as good as gone; even a busy one responds within a second.
const LONGEST_ANSWER = 20_000;
const LONGEST_HEALTH = 5_000;

function withLimit(signal) {
  const limit = AbortSignal.timeout(LONGEST_ANSWER);
  return signal ? AbortSignal.any([signal, limit]) : limit;
}

const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 30_000;

/** Asks for the server's health, less and less often, until it answers. */
export function noteLost() {
  if (connection.get().lost) return;
  connection.set({ lost: true });
  let wait = FIRST_RETRY;
  const ask = async () => {
    try {
      if ((await fetch("/api/health", { signal: AbortSignal.timeout(LONGEST_HEALTH) })).ok) return noteReached();
    } catch {
      // Still gone.
    }
    wait = Math.min(wait * 1.6, LONGEST_RETRY);
    return connection.get().lost && setTimeout(ask, wait);
  };
  setTimeout(ask, wait);
}
