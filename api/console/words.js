// Numbers and codes as people say them.

/** @import { Quality } from "./wire.js" */

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

/**
 * @param {Quality["warnings"][number]} code
 * @returns {string}
 */
export function warning(code) {
  return WARNINGS[code];
}

/**
 * Say how often strangers are as alike as this.
 *
 * @param {number | null} rate share of pairs of different people, null if nobody measured
 * @returns {string}
 */
export function falseMatches(rate) {
  if (rate === null) return "How often strangers score this close has not been measured for this encoder.";
  if (rate >= 0.5) return `About ${Math.round(rate * 100)} in 100 pairs of strangers score this close.`;
  return `About 1 in ${number(roughly(1 / rate))} pairs of strangers scores this close.`;
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
