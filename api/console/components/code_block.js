// Collapsed blocks of code: the JSON response and the equivalent curl command.

import { h } from "../lib/dom.js";
import { save } from "../lib/files.js";
import { apiKey } from "../services/api_key.js";
import { button } from "./button.js";

/**
 * Return a collapsed block of text with a button that copies it.
 *
 * @param {string} title
 * @param {string} text
 * @param {...Node} actions next to the copy button
 * @returns {HTMLElement}
 */
function codeBlock(title, text, ...actions) {
  const status = h("span", { role: "status" });
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    status.textContent = "Copied.";
  };
  // Browsers offer the clipboard to pages from HTTPS or localhost only.
  const copyButton = navigator.clipboard ? button("Copy", () => void copy()) : null;
  return h(
    "details",
    { class: "code" },
    h("summary", {}, title),
    h("p", { class: "actions" }, copyButton, ...actions, status),
    h("pre", { tabindex: 0, "aria-label": title }, text),
  );
}

/**
 * Return the JSON response with shortened pictures, and a button that downloads it in full.
 *
 * @param {unknown} response
 * @param {string} name of the downloaded file
 * @returns {HTMLElement}
 */
export function jsonBlock(response, name) {
  const download = () => save(new Blob([JSON.stringify(response, null, 2)], { type: "application/json" }), name);
  const shorten = (/** @type {string} */ _, /** @type {unknown} */ value) =>
    typeof value === "string" && value.startsWith("data:")
      ? `${value.slice(0, 40)}... ${value.length} characters`
      : value;
  return codeBlock("JSON response", JSON.stringify(response, shorten, 2), button("Download JSON", download));
}

/**
 * Return the curl command that makes the same request.
 *
 * @param {string} path
 * @param {Record<string, string | File | null>} fields
 * @returns {HTMLElement}
 */
export function curlBlock(path, fields) {
  const quoted = (/** @type {string} */ text) => `'${text.replaceAll("'", "'\\''")}'`;
  const words = ["curl"];
  if (apiKey() !== null) words.push('-H "Authorization: Bearer $API_KEY"');
  for (const [name, value] of Object.entries(fields)) {
    // curl reads a backslash inside its double quotes as an escape character.
    const file = value instanceof File ? `${name}=@"${value.name.replaceAll(/["\\]/g, "\\$&")}"` : null;
    if (value !== null) words.push(`-F ${quoted(file ?? `${name}=${value}`)}`);
  }
  return codeBlock("curl command", `${words.join(" ")} ${quoted(new URL(path, document.baseURI).href)}`);
}
