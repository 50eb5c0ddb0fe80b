// References and idempotency keys of uploads, and reading of streamed responses.

/** @import { Row } from "./batch_rows.js" */

const LONGEST_REFERENCE = 255; // characters; the API's limit

/**
 * Return a document's reference: its path without control characters, shortened to the API's limit.
 *
 * @param {string} path
 * @returns {string}
 */
export function referenceFor(path) {
  return [...path.replaceAll(/[\p{C}\p{Z}]/gu, " ").trim()].slice(-LONGEST_REFERENCE).join("").trim();
}

/**
 * Return the idempotency key of an upload. The same file in the same batch has the same key, so that an upload that is
 * repeated after a lost connection, or from a folder that is dropped again, creates no second job.
 *
 * @param {string} batch
 * @param {Row} row
 * @returns {Promise<string>}
 */
export async function idempotencyKey(batch, { reference, attempt, file }) {
  if (!crypto.subtle || !file) return `console-${[...crypto.getRandomValues(new Uint32Array(4))].join("-")}`; // over plain HTTP
  const head = new TextEncoder().encode(JSON.stringify([batch, reference, attempt]));
  const digest = await crypto.subtle.digest("SHA-256", await new Blob([head, file]).arrayBuffer());
  return `console-${[...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/**
 * Yield the lines of a streamed response.
 *
 * @param {Response} response
 * @returns {AsyncGenerator<string>}
 */
export async function* linesOf(response) {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
    const lines = (rest + read.value).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** @param {number} milliseconds */
export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
}
