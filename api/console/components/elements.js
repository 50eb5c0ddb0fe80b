// Pieces that several screens are made of.

/** @import { Quality } from "../services/types.js" */
import { Problem } from "../services/api.js";
import { h, save } from "../lib/dom.js";
import { key } from "../services/api_key.js";
import { warning } from "../lib/format.js";

/**
 * Say what went wrong, to eyes and to screen readers.
 *
 * @param {unknown} error
 * @returns {HTMLElement}
 */
export function failure(error) {
  const known = error instanceof Problem;
  if (!known) console.error(error);
  const words = known ? error.message : "The console stumbled; load the page again.";
  return h("p", { class: "problem", role: "alert" }, words, known && h("code", {}, error.code));
}

/**
 * Say how good a face is, with what to do about it.
 *
 * @param {Quality} quality
 * @returns {HTMLElement}
 */
export function quality({ warnings }) {
  if (!warnings.length) return h("p", { class: "good" }, "The face is sharp, well lit and large enough.");
  return h("ul", { class: "warnings" }, ...warnings.map((code) => h("li", {}, warning(code))));
}

/**
 * Say what to check before an answer is relied on.
 *
 * @param {string} text
 * @returns {HTMLElement}
 */
export function caution(text) {
  return h("p", { class: "caution" }, text);
}

/**
 * Show what was sent, where the browser can: most of what is wrong with a picture is seen at a glance. Browsers show no TIFF
 * and seldom HEIC.
 *
 * @param {File} file
 * @returns {HTMLElement | null}
 */
export function sent(file) {
  if (!file.type.startsWith("image/")) return null;
  const image = h("img", { src: URL.createObjectURL(file), alt: `What was sent: ${file.name}` });
  image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
  image.addEventListener("error", () => image.replaceWith("This browser cannot show the file."), { once: true });
  return h("p", { class: "sent" }, image);
}

/**
 * @param {string} label
 * @param {() => void} onclick
 * @param {Record<string, unknown>} [attributes]
 * @returns {HTMLButtonElement}
 */
export function button(label, onclick, attributes = {}) {
  return h("button", { type: "button", onclick, ...attributes }, label);
}

/**
 * A block of text for programs, with a button that copies it.
 *
 * @param {string} title
 * @param {string} text
 * @param {...Node} more beside the button
 * @returns {HTMLElement}
 */
export function code(title, text, ...more) {
  const said = h("span", { role: "status" });
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    said.textContent = "Copied.";
  };
  // The clipboard is there where the page came by https, or from this very machine.
  const copying = navigator.clipboard ? button("Copy", () => void copy()) : null;
  return h(
    "details",
    { class: "code" },
    h("summary", {}, title),
    h("p", { class: "actions" }, copying, ...more, said),
    h("pre", { tabindex: 0, "aria-label": title }, text),
  );
}

/**
 * What the service answered, pictures cut short, with a button for the whole.
 *
 * @param {unknown} answer
 * @param {string} name of the file that it is saved to
 * @returns {HTMLElement}
 */
export function json(answer, name) {
  const whole = () => save(new Blob([JSON.stringify(answer, null, 2)], { type: "application/json" }), name);
  const brief = (/** @type {string} */ _, /** @type {unknown} */ value) =>
    typeof value === "string" && value.startsWith("data:")
      ? `${value.slice(0, 40)}... ${value.length} characters`
      : value;
  return code("Answer as JSON", JSON.stringify(answer, brief, 2), button("Save all of it", whole));
}

/**
 * The command that does the same.
 *
 * @param {string} path
 * @param {Record<string, string | File | null>} fields
 * @returns {HTMLElement}
 */
export function curl(path, fields) {
  const quoted = (/** @type {string} */ text) => `'${text.replaceAll("'", "'\\''")}'`;
  const parts = ["curl"];
  if (key() !== null) parts.push('-H "Authorization: Bearer $API_KEY"');
  for (const [name, value] of Object.entries(fields)) {
    // Inside its double quotes, curl reads a backslash as the next character's guard.
    const file = value instanceof File ? `${name}=@"${value.name.replaceAll(/["\\]/g, "\\$&")}"` : null;
    if (value !== null) parts.push(`-F ${quoted(file ?? `${name}=${value}`)}`);
  }
  return code("The same with curl", `${parts.join(" ")} ${quoted(new URL(path, document.baseURI).href)}`);
}

/**
 * A data URL's picture as a file.
 *
 * @param {string} url
 * @returns {Blob}
 */
export function pictureOf(url) {
  const [head, body] = url.split(",");
  const bytes = Uint8Array.from(atob(body ?? ""), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: head?.slice(5).split(";")[0] ?? "" });
}
