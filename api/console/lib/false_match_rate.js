// The scale of distance: at 0.6, 1 in 1,000 pairs of strangers is closer, and each 0.1 less is ten times rarer.

/** @import { Comparison } from "../services/types.js" */

const LEAST_RATE = 1e-5; // that SFace was measured at
const ROUNDING = 0.06; // share by which a rate of two digits may differ from the exact one

/** @typedef {{rate: number, bound: boolean}} Rate `bound` says that it is an upper bound */

/**
 * Return how often strangers match at a threshold. An encoder that was not measured has no rates, and one that keeps its
 * own distances (dlib) has a rate at the service's threshold alone.
 *
 * @param {Comparison} comparison
 * @returns {(threshold: number) => Rate | null}
 */
export function rateAt({ distance, threshold, false_match_rate: rate, threshold_false_match_rate: decision }) {
  if (rate === null || decision === null) return () => null;
  const exact = (/** @type {number} */ value) => 10 ** ((value - 0.6) * 10 - 3);
  const least = exact(distance) < rate * (1 - ROUNDING) ? rate : Math.min(LEAST_RATE, rate, decision);
  const bounded = (/** @type {number} */ value) => Math.min(1, Math.max(least, exact(value)));
  const fits = (/** @type {number} */ value, /** @type {number} */ given) => Math.abs(bounded(value) / given - 1) < ROUNDING;
  if (fits(distance, rate) && fits(threshold, decision)) {
    return (value) => ({ rate: bounded(value), bound: exact(value) < least * (1 - ROUNDING) });
  }
  return (value) => (value === threshold ? { rate: decision, bound: false } : null);
}
