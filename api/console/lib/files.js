// Downloads, and blobs from data URLs.

import { h } from "./dom.js";

/**
 * Download a blob as a file.
 *
 * @param {Blob} content
 * @param {string} name
 */
export function save(content, name) {
  const url = URL.createObjectURL(content);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/**
 * Return the content of a data URL.
 *
 * @param {string} url
 * @returns {Blob}
 */
export function blobFromDataUrl(url) {
  const [head, body] = url.split(",");
  const bytes = Uint8Array.from(atob(body ?? ""), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: head?.slice(5).split(";")[0] ?? "" });
}
