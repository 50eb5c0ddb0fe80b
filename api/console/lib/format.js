// Numbers and codes as people say them.

/** @import { Comparison, ComparisonWarning, Metadata, Quality } from "../services/types.js" */

/** @type {Record<Quality["warnings"][number], string>} */
const WARNINGS = {
  too_small: "The face is small: hold the camera nearer, or scan at a higher resolution.",
  blurry: "The face is blurred: hold still and let the camera focus.",
  too_dark: "The face is dark: find more light.",
  too_bright: "The face is too bright: avoid direct light and the flash.",
  low_contrast: "The face is faint: clean the lens or the scanner's glass, and avoid reflections.",
  glare: "Light is reflected on the face: tilt the document or move the lamp.",
  turned_away: "The face looks aside: the portrait should face the camera.",
};

/** @type {Record<NonNullable<ComparisonWarning["reason"]>, string>} */
const UNRELIABLE = {
  too_small: "is too small to compare. Move the camera closer, or scan at a higher resolution.",
  blurred: "is too blurred to compare. Hold the camera still and let it focus.",
  turned_away: "is turned too far away to compare. Take a picture that faces the camera.",
};

export const SEVERAL_PEOPLE = "Several people: check that this is the right face.";

const LARGEST_RATE = 0.1; // larger ones are not measured

/**
 * @param {Quality["warnings"][number]} code
 * @returns {string}
 */
export function warning(code) {
  return WARNINGS[code];
}

/**
 * Say what to check in an extraction, apart from the quality of the portrait.
 *
 * @param {Metadata} metadata
 * @returns {string[]}
 */
export function fileWarnings({ warnings = [], unreadable_pages: pages = [] }) {
  return warnings.map((code) => (code === "several_people" ? SEVERAL_PEOPLE : fileWarning(code, pages)));
}

/**
 * Say what speaks against relying on a comparison, and what to do.
 *
 * @param {ComparisonWarning} warning
 * @returns {string}
 */
export function comparisonWarning({ code, field, reason, pages }) {
  const picture = field === "selfie" ? "selfie" : "document";
  if (reason) return `The face in the ${picture} ${UNRELIABLE[reason]}`;
  return code === "unreliable_comparison" ? `The ${picture} shows too little of the face.` : fileWarning(code, pages ?? [], ` of the ${picture}`);
}

/**
 * @param {"unreadable_pages" | "approximate_colours"} code
 * @param {number[]} pages
 * @param {string} [of] which of two files
 * @returns {string}
 */
function fileWarning(code, pages, of = "") {
  if (code === "approximate_colours") return `The colours${of} may be wrong: the file does not define them. Send it as an sRGB picture.`;
  const which = `${pages.length === 1 ? "Page" : "Pages"} ${and(pages.map(String))}${of}`;
  return `${which} could not be read. If the photo is there, scan the document again.`;
}

/**
 * @param {string[]} names
 * @returns {string} "A, B or C"
 */
export function either(names) {
  return new Intl.ListFormat("en-GB", { type: "disjunction" }).format(names);
}

/**
 * @param {string[]} names
 * @returns {string} "A, B and C"
 */
function and(names) {
  return new Intl.ListFormat("en-GB").format(names);
}

/**
 * Say whether two pictures match, and how much that means.
 *
 * @param {Comparison} comparison
 * @param {boolean} [match]
 * @param {number} [threshold]
 * @returns {string}
 */
export function sentence(comparison, match = comparison.match, threshold = comparison.threshold) {
  const { distance, false_match_rate: rate } = comparison;
  const verdict = match ? "Match" : "No match";
  if (rate !== null) return `${verdict}: ${strangers(rate, true)} look this alike.`;
  return `${verdict}: the distance ${distance.toFixed(3)} is ${match ? "within" : "above"} the threshold ${threshold.toFixed(2)}.`;
}

/**
 * @param {number} rate share of pairs of strangers
 * @param {boolean} [bound] whether it is an upper bound
 * @returns {string}
 */
export function strangers(rate, bound = false) {
  if (rate > LARGEST_RATE) return "more than 1 in 10 pairs of strangers";
  return `${bound ? "at most " : ""}1 in ${number(roughly(1 / rate))} pairs of strangers`;
}

/**
 * Say which way something is turned, the shorter way round.
 *
 * @param {number} degrees counter-clockwise, 0..360
 * @param {boolean} [back] whether to say how it is undone
 * @returns {string}
 */
export function turn(degrees, back = false) {
  const clockwise = degrees > 180;
  return `${number(clockwise ? 360 - degrees : degrees)}\u00b0 ${clockwise !== back ? "clockwise" : "counter-clockwise"}`;
}

/**
 * Say how a face was turned upright.
 *
 * @param {number} rotation counter-clockwise, 0..360
 * @returns {string} to be appended; empty if it was upright
 */
export function righted(rotation) {
  return rotation === 0 ? "" : `, turned back by ${turn(rotation, true)}`;
}

/**
 * @param {number} value
 * @returns {string}
 */
export function number(value) {
  return value.toLocaleString("en", { maximumFractionDigits: 1 });
}

/**
 * @param {number} seconds
 * @returns {string}
 */
export function duration(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 90) return `${number(Math.round(seconds))} s`;
  if (seconds < 5400) return `${number(Math.round(seconds / 60))} min`;
  return `${number(seconds / 3600)} h`;
}

/**
 * @param {Date} moment
 * @returns {string}
 */
export function clock(moment) {
  return moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/**
 * @param {number} bytes
 * @returns {string}
 */
export function size(bytes) {
  return bytes < 1024 * 1024 ? `${number(Math.ceil(bytes / 1024))} KB` : `${number(bytes / 1024 / 1024)} MB`;
}

/**
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 * @returns {string}
 */
export function count(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/**
 * Round to two digits: a rate bears no more.
 *
 * @param {number} value
 * @returns {number}
 */
function roughly(value) {
  return Number(value.toPrecision(2));
}
