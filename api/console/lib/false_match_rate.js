// False match rate by distance: 1 in 1,000 at distance 0.6, and a factor of ten per 0.1.

/** @import { Comparison } from "../services/types.js" */

const LOWEST_RATE = 1e-5; // measured for SFace
const ROUNDING = 0.06; // relative rounding error of a rate with two digits

/** @typedef {{rate: number, bound: boolean}} Rate `bound`: whether it is an upper bound */

/**
 * Return a function from threshold to false match rate. It returns null for an encoder that was not measured; for an
 * encoder with a scale of its own (dlib) it knows the rate at the service's threshold only.
 *
 * @param {Comparison} comparison
 * @returns {(threshold: number) => Rate | null}
 */
export function falseMatchRateAt({ distance, threshold, false_match_rate: rate, threshold_false_match_rate: decision }) {
  if (rate === null || decision === null) return () => null;
  const exact = (/** @type {number} */ value) => 10 ** ((value - 0.6) * 10 - 3);
  const lowest = exact(distance) < rate * (1 - ROUNDING) ? rate : Math.min(LOWEST_RATE, rate, decision);
  const bounded = (/** @type {number} */ value) => Math.min(1, Math.max(lowest, exact(value)));
  const agrees = (/** @type {number} */ value, /** @type {number} */ given) => Math.abs(bounded(value) / given - 1) < ROUNDING;
  if (agrees(distance, rate) && agrees(threshold, decision)) {
    return (value) => ({ rate: bounded(value), bound: exact(value) < lowest * (1 - ROUNDING) });
  }
  return (value) => (value === threshold ? { rate: decision, bound: false } : null);
}
