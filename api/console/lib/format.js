// Formatting of numbers, durations, sizes, angles and lists.

/**
 * @param {string[]} names
 * @returns {string} "A, B or C"
 */
export function orList(names) {
  return new Intl.ListFormat("en-GB", { type: "disjunction" }).format(names);
}

/**
 * @param {string[]} names
 * @returns {string} "A, B and C"
 */
export function andList(names) {
  return new Intl.ListFormat("en-GB").format(names);
}

/**
 * Format an angle and its direction, the shorter way round.
 *
 * @param {number} degrees counter-clockwise, 0..360
 * @param {boolean} [inverse] whether to return the correcting rotation instead
 * @returns {string} for example "90° clockwise"
 */
export function angle(degrees, inverse = false) {
  const clockwise = degrees > 180;
  return `${number(clockwise ? 360 - degrees : degrees)}\u00b0 ${clockwise !== inverse ? "clockwise" : "counter-clockwise"}`;
}

/**
 * Return how a face was rotated to be upright.
 *
 * @param {number} rotation counter-clockwise, 0..360
 * @returns {string} to append to a sentence; empty if the face was upright
 */
export function rotationText(rotation) {
  return rotation === 0 ? "" : `, rotated ${angle(rotation, true)}`;
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
  if (seconds < 172800) return `${number(seconds / 3600)} h`;
  return `${number(seconds / 86400)} days`;
}

/**
 * @param {number} seconds
 * @returns {string} for example "3 s ago"
 */
export function ago(seconds) {
  return seconds < 1 ? "now" : `${duration(seconds)} ago`;
}

/**
 * @param {string} time
 * @param {Date} asOf
 * @returns {number} never below 0
 */
export function secondsSince(time, asOf) {
  return Math.max(0, (asOf.getTime() - new Date(time).getTime()) / 1000);
}

/**
 * @param {Date} moment
 * @returns {string} hours and minutes, for example "14:05"
 */
export function clock(moment) {
  return moment.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
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
 * Round to two significant digits, the precision of a measured rate.
 *
 * @param {number} value
 * @returns {number}
 */
export function twoDigits(value) {
  return Number(value.toPrecision(2));
}
