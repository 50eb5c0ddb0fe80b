// How a document is named to the service, and how answers are read as they come.

/** @import { Row } from "./batch_upload.js" */

const LONGEST_REFERENCE = 255; // characters, as the service has it

/**
 * @param {string} path
 * @returns {string} what the service takes: printable, and not too long
 */
export function referenceOf(path) {
  return [...path.replaceAll(/[\p{C}\p{Z}]/gu, " ").trim()].slice(-LONGEST_REFERENCE).join("").trim();
}

/**
 * Name an upload, so that the service knows it again: after a lost connection, and after the folder was dropped again.
 *
 * @param {string} batch
 * @param {Row} row
 * @returns {Promise<string>}
 */
export async function keyOf(batch, { reference, attempt, file }) {
  if (!crypto.subtle || !file) return `console-${[...crypto.getRandomValues(new Uint32Array(4))].join("-")}`; // plain http
  const head = new TextEncoder().encode(JSON.stringify([batch, reference, attempt]));
  const digest = await crypto.subtle.digest("SHA-256", await new Blob([head, file]).arrayBuffer());
  return `console-${[...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/**
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
