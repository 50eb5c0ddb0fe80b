// Errors, notices, quality and loading states.

/** @import { Quality } from "../services/types.js" */
import { h } from "../lib/dom.js";
import { qualityWarning } from "../lib/messages.js";
import { Problem } from "../services/api.js";

/**
 * Return an error message, announced by screen readers.
 *
 * @param {unknown} error
 * @returns {HTMLElement}
 */
export function failure(error) {
  const known = error instanceof Problem;
  if (!known) console.error(error);
  const text = known ? error.message : "Something went wrong in this page. Reload it and try again.";
  return h("p", { class: "problem", role: "alert" }, text, known && h("code", {}, error.code));
}

/**
 * Return the quality of a face: a list of warnings, or a sentence that it is good.
 *
 * @param {Quality} quality
 * @returns {HTMLElement}
 */
export function quality({ warnings }) {
  if (!warnings.length) return h("p", { class: "good" }, "Good quality: sharp, well lit and large enough.");
  return h("ul", { class: "warnings" }, ...warnings.map((code) => h("li", {}, qualityWarning(code))));
}

/**
 * Return a notice about something to check before the result is used.
 *
 * @param {string} text
 * @returns {HTMLElement}
 */
export function notice(text) {
  return h("p", { class: "notice" }, text);
}

/**
 * Return a loading indicator.
 *
 * @param {string} text
 * @returns {HTMLElement}
 */
export function loading(text) {
  return h("p", { class: "busy" }, text);
}

/**
 * Return the uploaded picture, or a note where the browser cannot display its format (TIFF and, in most browsers, HEIC).
 *
 * @param {File} file
 * @returns {HTMLElement | null} null for a file that is no picture
 */
export function uploadedImage(file) {
  if (!file.type.startsWith("image/")) return null;
  const image = h("img", { src: URL.createObjectURL(file), alt: `Uploaded file: ${file.name}` });
  image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
  image.addEventListener("error", () => image.replaceWith("This browser cannot display the file."), { once: true });
  return h("p", { class: "uploaded" }, image);
}
