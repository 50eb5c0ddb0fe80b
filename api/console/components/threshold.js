// The distance of two faces on a scale, with a slider that tries other thresholds.

/** @import { Comparison } from "../services/types.js" */
/** @import { Rate } from "../lib/false_match_rate.js" */
import { fill, h, s } from "../lib/dom.js";
import { falseMatchRateAt } from "../lib/false_match_rate.js";
import { rateText } from "../lib/messages.js";

const LARGEST_DISTANCE = 1.2; // distance on the scale; most strangers are closer
const STEP = 0.01;
const HEIGHT = 34;
const WIDTH = 600;
const MARGIN = 24; // for the labels at both ends

/**
 * @param {Comparison} comparison
 * @param {(match: boolean, threshold: number) => void} onThreshold called with the verdict at each threshold that is tried
 * @returns {HTMLElement}
 */
export function thresholdControl(comparison, onThreshold) {
  const { distance, threshold } = comparison;
  const rateOf = falseMatchRateAt(comparison);
  const scale = h("div", {});
  const output = h("output", { for: "threshold" });
  const max = Math.max(LARGEST_DISTANCE, threshold);
  const slider = h("input", { id: "threshold", type: "range", min: 0, max, step: STEP, value: threshold });
  const draw = () => {
    const value = Number(slider.value);
    const chosen = Math.abs(value - threshold) < STEP / 2 ? threshold : value; // which can lie between two steps
    const label = thresholdLabel(chosen, rateOf(chosen));
    output.textContent = `${label}${chosen === threshold ? " (service default)" : ""}`;
    slider.setAttribute("aria-valuetext", label);
    fill(scale, ruler(distance, chosen));
    onThreshold(chosen === threshold ? comparison.match : distance <= chosen, chosen);
  };
  slider.addEventListener("input", draw);
  draw();
  return h("div", {}, scale, h("p", {}, h("label", { for: "threshold" }, "Threshold "), slider, " ", output));
}

/**
 * @param {number} threshold
 * @param {Rate | null} known
 * @returns {string}
 */
function thresholdLabel(threshold, known) {
  return `${threshold.toFixed(2)}${known ? `: ${rateText(known.rate, known.bound)} match` : ""}`;
}

/**
 * @param {number} distance
 * @param {number} threshold
 * @returns {SVGSVGElement}
 */
function ruler(distance, threshold) {
  const x = (/** @type {number} */ value) => (Math.min(value, LARGEST_DISTANCE) / LARGEST_DISTANCE) * WIDTH;
  const middle = HEIGHT / 2;
  const label = `Distance ${distance.toFixed(3)} on a scale from 0 (same picture) to ${LARGEST_DISTANCE}; threshold ${threshold.toFixed(2)}`;
  return s(
    "svg",
    { class: "ruler", viewBox: `${-MARGIN} 0 ${WIDTH + 2 * MARGIN} ${HEIGHT + 20}`, role: "img", "aria-label": label },
    s("rect", { class: "inside", x: 0, y: middle - 5, width: x(threshold), height: 10, rx: 5 }),
    s("rect", { class: "outside", x: x(threshold), y: middle - 5, width: WIDTH - x(threshold), height: 10, rx: 5 }),
    s("line", { class: "threshold", x1: x(threshold), x2: x(threshold), y1: 2, y2: HEIGHT - 2 }),
    s("circle", { class: "distance", cx: x(distance), cy: middle, r: 9 }),
    ...[0, 0.3, 0.6, 0.9, 1.2].map((value) => s("text", { x: x(value), y: HEIGHT + 14 }, value.toFixed(1))),
  );
}
