// Errors, notices, quality, and the empty and loading states.

/** @import { Child } from "../lib/dom.js" */
/** @import { IconName } from "./icon.js" */
/** @import { Quality } from "../services/types.js" */
import { h } from "../lib/dom.js";
import { qualityWarning } from "../lib/messages.js";
import { Problem } from "../services/api.js";
import { button } from "./button.js";
import { icon } from "./icon.js";

/**
 * Return an error message, announced by screen readers.
 *
 * @param {unknown} error
 * @param {(() => void) | null} [onRetry] adds a button where the same request can succeed later
 * @returns {HTMLElement}
 */
export function failure(error, onRetry = null) {
  const known = error instanceof Problem;
  if (!known) console.error(error);
  const text = known ? error.message : "Something went wrong in this page. Reload it and try again.";
  const retry = known && error.retryable && onRetry ? button("Try again", onRetry) : null;
  return problem(h("p", {}, text), known && h("p", {}, h("code", {}, error.code)), retry);
}

/**
 * Return what does not work and what to do, announced by screen readers.
 *
 * @param {...Child} content
 * @returns {HTMLElement}
 */
export function problem(...content) {
  return h("div", { class: "message problem", role: "alert" }, icon("alert"), h("div", {}, ...content));
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
 * @param {...Child} content
 * @returns {HTMLElement}
 */
export function notice(...content) {
  return h("div", { class: "message notice" }, icon("info"), h("div", {}, ...content));
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
 * Return what is shown where there is no content yet.
 *
 * @param {IconName} symbol
 * @param {string} title
 * @param {string} hint what to do next
 * @returns {HTMLElement}
 */
export function emptyState(symbol, title, hint) {
  return h("div", { class: "empty" }, icon(symbol, "large"), h("strong", {}, title), hint);
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
