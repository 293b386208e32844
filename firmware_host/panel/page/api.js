// @ts-check
/** What is not live: people, riders, programs, records. */

import { t, told } from "./texts.js";

const BASE = "/api/v1/";

/** @typedef {{field: string | null, line: number | null, text: string}} Problem */

/** The panel refused, or did not answer. `message` says what to do. */
export class ApiError extends Error {
  /** @param {number} status 0 where there was no answer @param {string} message @param {any} [body] */
  constructor(status, message, body) {
    super(message);
    this.status = status;
    /** What was answered beside error and problems, such as `current` where somebody else was quicker. */
    this.body = body ?? null;
    /** @type {Problem[]} */
    this.problems = (body?.problems ?? []).map((/** @type {Problem} */ one) => ({ ...one, text: told(one.text) }));
    /** @type {number | null} */
    this.retryAfter_s = body?.retry_after_s ?? null;
  }
}

/** What to do about an error. @param {unknown} error */
export function said(error) {
  return error instanceof Error ? error.message : String(error);
}

/** @type {(() => void) | null} */
let onUnknown = null;

/** Say what happens when the panel no longer knows who asks. @param {() => void} action */
export function whenUnknown(action) {
  onUnknown = action;
}

/** @param {string} method @param {string} path below /api/v1/ @param {unknown} [body] @returns {Promise<Response>} */
async function ask(method, path, body) {
  /** @type {RequestInit} */
  const request = { method, headers: { Accept: "application/json, */*" } };
  if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers = { ...request.headers, "Content-Type": "application/json" };
  }
  /** @type {Response} */
  let response;
  try {
    response = await fetch(BASE + path, request);
  } catch {
    throw new ApiError(0, t("The panel does not answer. Nothing was changed; try again in a moment."));
  }
  if (response.ok) return response;
  const answer = await response.json().catch(() => null);
  if (response.status === 401 && !path.startsWith("login") && !path.startsWith("unlock")) onUnknown?.();
  throw new ApiError(response.status, message(response.status, answer), answer);
}

/** @param {number} status @param {any} body */
function message(status, body) {
  if (typeof body?.error === "string" && body.error !== "") return told(body.error);
  if (status === 404) return t("This is not there, or not any more.");
  return t("The panel could not do this (error {status}). Try again; if it stays, see the panel's log.", { status });
}

/** @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<any>} null without content */
async function json(method, path, body) {
  const response = await ask(method, path, body);
  const text = await response.text();
  return text === "" ? null : JSON.parse(text);
}

export const api = {
  /** @param {string} path */
  get: (path) => json("GET", path),
  /** @param {string} path @param {unknown} [body] */
  post: (path, body = {}) => json("POST", path, body),
  /** @param {string} path @param {unknown} body */
  put: (path, body) => json("PUT", path, body),
  /** @param {string} path @param {unknown} body */
  patch: (path, body) => json("PATCH", path, body),
  /** @param {string} path */
  delete: (path) => json("DELETE", path),
  /** A file that is text. @param {string} path @returns {Promise<string>} */
  text: async (path) => (await ask("GET", path)).text(),
  /** Where a file is found, for a link or an image. @param {string} path */
  url: (path) => BASE + path,
};
