// HTTP client for the API: adds the API key and turns error responses into `Problem`.

/** @import { ProblemDocument } from "./types.js" */
import { apiKey, requestApiKey } from "./api_key.js";

// Texts of errors whose text from the API is for programs.
/** @type {Record<string, string>} */
const TEXTS = {
  wait_timeout: "The service did not finish in time: it is busy, or no worker is running. Try again in a minute.",
};

/** An error response, with the API's own message. */
export class Problem extends Error {
  /**
   * @param {number} status 0 if the service could not be reached
   * @param {string} code
   * @param {string} detail
   * @param {number} retryAfter seconds to wait before the next attempt; 0 if unknown
   * @param {string | null} field the form field that caused the error, if any
   */
  constructor(status, code, detail, retryAfter = 0, field = null) {
    super(detail);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
    this.field = field;
  }

  /** Whether the same request can succeed later. */
  get retryable() {
    return this.status === 0 || this.status === 429 || this.status === 503 || this.status === 504;
  }
}

/**
 * Send a request and return the JSON response.
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
 * Send a request. Asks for an API key when the service requires one.
 *
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<Response>} with a success status
 * @throws {Problem}
 */
export async function send(path, options = {}) {
  for (;;) {
    const used = apiKey();
    const response = await fetchWithKey(path, options, used);
    if (response.ok) return response;
    const problem = await problemFrom(response);
    if (response.status !== 401) throw problem;
    // Another request may have received a key in the meantime.
    if (used === apiKey() && !(await requestApiKey(problem.message))) throw problem;
  }
}

/**
 * Build a multipart form. Null fields are left out.
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
async function fetchWithKey(path, options, secret) {
  const headers = new Headers(options.headers);
  headers.set("Accept", headers.get("Accept") ?? "application/json");
  if (secret !== null) headers.set("Authorization", `Bearer ${secret}`);
  try {
    return await fetch(path, { ...options, headers });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem(0, "unreachable", "The service cannot be reached. Check the network connection and try again.");
  }
}

/**
 * @param {Response} response
 * @returns {Promise<Problem>}
 */
async function problemFrom(response) {
  const retryAfter = Number(response.headers.get("Retry-After") ?? 0);
  try {
    /** @type {ProblemDocument} */
    const body = await response.json();
    return new Problem(response.status, body.code, TEXTS[body.code] ?? body.detail, retryAfter, body.field ?? null);
  } catch {
    // Probably an error page of a proxy.
    return new Problem(response.status, "unavailable", `The service returned status ${response.status}. Try again in a minute.`, retryAfter);
  }
}
