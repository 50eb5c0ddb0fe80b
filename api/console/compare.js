// Two pictures: whether they show the same person, and what a stricter or laxer threshold would say.

/** @import { Comparison, Extraction } from "./wire.js" */
import { ask, form } from "./api.js";
import { fill, h, s } from "./dom.js";
import { dropArea } from "./drop.js";
import { curl, failure, json } from "./parts.js";
import { falseMatches, number } from "./words.js";

/** @typedef {"selfie" | "id_photo"} Role */

const LARGEST = 1.2; // distance that is drawn: strangers are seldom farther apart
const HEIGHT = 34;
const WIDTH = 600;
const MARGIN = 24; // for the numbers at both ends

/** @returns {HTMLElement} */
export function compareScreen() {
  /** @type {Record<Role, File | null>} */
  const files = { selfie: null, id_photo: null };
  const places = { selfie: h("div", { class: "portrait" }), id_photo: h("div", { class: "portrait" }) };
  const result = h("div", { "aria-live": "polite" });
  const latest = { selfie: new AbortController(), id_photo: new AbortController(), verdict: new AbortController() };
  const renewed = (/** @type {keyof typeof latest} */ what) => {
    latest[what].abort(); // nobody looks at the one before any more
    return (latest[what] = new AbortController()).signal;
  };
  const pick = (/** @type {Role} */ role, /** @type {string} */ label, /** @type {string} */ alt) => {
    const onfound = (/** @type {import("./drop.js").Found[]} */ found) => {
      files[role] = found[0]?.file ?? null;
      if (files[role]) void portrait(files[role], places[role], alt, renewed(role));
      if (files.selfie && files.id_photo) void compare(files.selfie, files.id_photo, result, renewed("verdict"));
    };
    return h("section", { "aria-label": alt }, dropArea({ label, onfound }), places[role]);
  };
  return h(
    "div",
    {},
    h("h1", {}, "Compare two faces"),
    h(
      "div",
      { class: "columns even" },
      pick("selfie", "Drop a selfie here", "The selfie's face"),
      pick("id_photo", "Drop the ID document, or its photo, here", "The document's portrait"),
    ),
    result,
  );
}

/**
 * Show which face of a picture counts: the one that an extraction selects.
 *
 * @param {File} file
 * @param {HTMLElement} place
 * @param {string} alt
 * @param {AbortSignal} signal
 */
async function portrait(file, place, alt, signal) {
  fill(place, h("p", { class: "busy" }, `Reading ${file.name}...`));
  try {
    /** @type {Extraction} */
    const extraction = await ask("extract-face", { method: "POST", body: form({ file }), signal });
    fill(place, h("img", { src: extraction.face_image, alt }), h("p", { class: "hint" }, file.name));
  } catch (error) {
    if (signal.aborted) return;
    fill(place, h("p", { class: "hint" }, file.name), failure(error));
  }
}

/**
 * @param {File} selfie
 * @param {File} idPhoto
 * @param {HTMLElement} result
 * @param {AbortSignal} signal
 */
async function compare(selfie, idPhoto, result, signal) {
  const fields = { selfie, id_photo: idPhoto };
  fill(result, h("p", { class: "busy" }, "Comparing..."));
  try {
    /** @type {Comparison} */
    const comparison = await ask("compare-faces", { method: "POST", body: form(fields), signal });
    fill(result, verdict(comparison), json(comparison, "comparison.json"), curl("compare-faces", fields));
  } catch (error) {
    if (signal.aborted) return;
    fill(result, failure(error), curl("compare-faces", fields));
  }
}

/**
 * @param {Comparison} comparison
 * @returns {HTMLElement}
 */
function verdict(comparison) {
  const { distance, threshold } = comparison;
  const said = h("p", { class: "verdict", role: "status" });
  const scale = h("div", {});
  const output = h("output", { for: "threshold" });
  const slider = h("input", { id: "threshold", type: "range", min: 0, max: LARGEST, step: 0.01, value: threshold });
  const draw = () => {
    const chosen = Number(slider.value);
    const match = distance <= chosen;
    said.textContent = match ? "Same person, by this threshold." : "Not the same person, by this threshold.";
    said.className = `verdict ${match ? "good" : "bad"}`;
    output.textContent = `${chosen.toFixed(2)}${chosen === threshold ? ", as the service has it" : ""}`;
    fill(scale, ruler(distance, chosen));
  };
  slider.addEventListener("input", draw);
  draw();
  return h(
    "section",
    { "aria-labelledby": "verdict" },
    h("h2", { id: "verdict" }, "Verdict"),
    said,
    scale,
    h("p", {}, h("label", { for: "threshold" }, "Threshold "), slider, " ", output),
    h("p", {}, `Distance ${distance.toFixed(3)}, confidence ${number(comparison.confidence)} of 100.`),
    h("p", {}, falseMatches(comparison.false_match_rate ?? null)),
  );
}

/**
 * @param {number} distance
 * @param {number} threshold
 * @returns {SVGSVGElement}
 */
function ruler(distance, threshold) {
  const x = (/** @type {number} */ value) => (Math.min(value, LARGEST) / LARGEST) * WIDTH;
  const middle = HEIGHT / 2;
  const said = `Distance ${distance.toFixed(3)} on a scale from 0, the same picture, to ${LARGEST}; threshold ${threshold.toFixed(2)}`;
  return s(
    "svg",
    { class: "ruler", viewBox: `${-MARGIN} 0 ${WIDTH + 2 * MARGIN} ${HEIGHT + 20}`, role: "img", "aria-label": said },
    s("rect", { class: "inside", x: 0, y: middle - 5, width: x(threshold), height: 10 }),
    s("rect", { class: "outside", x: x(threshold), y: middle - 5, width: WIDTH - x(threshold), height: 10 }),
    s("line", { class: "threshold", x1: x(threshold), x2: x(threshold), y1: 2, y2: HEIGHT - 2 }),
    s("circle", { class: "distance", cx: x(distance), cy: middle, r: 9 }),
    ...[0, 0.3, 0.6, 0.9, 1.2].map((value) => s("text", { x: x(value), y: HEIGHT + 14 }, value.toFixed(1))),
  );
}
