// Requests to the service this page came from: with the key, if there is one, and failures as problems.

/** @import { ProblemDocument } from "./types.js" */
import { askForKey, key } from "./api_key.js";

/** A failure, in the service's words. */
export class Problem extends Error {
  /**
   * @param {number} status 0 where the service was not reached
   * @param {string} code
   * @param {string} detail
   * @param {number} retryAfter seconds to stay away; 0 if it did not say
   * @param {string | null} field the form field at fault, where there is one
   */
  constructor(status, code, detail, retryAfter = 0, field = null) {
    super(detail);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
    this.field = field;
  }

  /** Whether the same request may succeed later. */
  get passes() {
    return this.status === 0 || this.status === 429 || this.status === 503;
  }
}

/**
 * Ask for JSON.
 *
 * @template T
 * @param {string} path relative to the service's root
 * @param {RequestInit} [options]
 * @returns {Promise<T>}
 */
export async function ask(path, options) {
  return (await send(path, options)).json();
}

/**
 * Send a request, asking for a key where one is needed.
 *
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<Response>} a success
 * @throws {Problem}
 */
export async function send(path, options = {}) {
  for (;;) {
    const used = key();
    const response = await fetched(path, options, used);
    if (response.ok) return response;
    const problem = await problemOf(response);
    if (response.status !== 401) throw problem;
    // Another request may have been given a key meanwhile.
    if (used === key() && !(await askForKey(problem.message))) throw problem;
  }
}

/**
 * Make a form.
 *
 * @param {Record<string, string | File | null>} fields
 * @returns {FormData}
 */
export function form(fields) {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value !== null) data.append(name, value);
  return data;
}

/**
 * @param {string} path
 * @param {RequestInit} options
 * @param {string | null} secret
 * @returns {Promise<Response>}
 */
async function fetched(path, options, secret) {
  const headers = new Headers(options.headers);
  headers.set("Accept", headers.get("Accept") ?? "application/json");
  if (secret !== null) headers.set("Authorization", `Bearer ${secret}`);
  try {
    return await fetch(path, { ...options, headers });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem(0, "unreachable", "The service cannot be reached; is this computer online?");
  }
}

/**
 * @param {Response} response
 * @returns {Promise<Problem>}
 */
async function problemOf(response) {
  const retryAfter = Number(response.headers.get("Retry-After") ?? 0);
  try {
    /** @type {ProblemDocument} */
    const body = await response.json();
    return new Problem(response.status, body.code, body.detail, retryAfter, body.field ?? null);
  } catch {
    // A proxy's own page, most likely.
    return new Problem(response.status, "unavailable", `The service answered ${response.status}.`, retryAfter);
  }
}
