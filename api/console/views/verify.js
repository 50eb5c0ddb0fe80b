// Comparison screen: whether two pictures show the same person, and the verdict at other thresholds.

/** @import { ComparedFace, Comparison, ComparisonWarning } from "../services/types.js" */
import { Problem, ask, form } from "../services/api.js";
import { fill, h, s } from "../lib/dom.js";
import { dropArea } from "../components/drop_area.js";
import { curlBlock, jsonBlock } from "../components/code_block.js";
import { failure, loading, notice, quality, uploadedImage } from "../components/feedback.js";
import { falseMatchRateAt } from "../lib/false_match_rate.js";
import { count, number, rotationText } from "../lib/format.js";
import { SEVERAL_PEOPLE, comparisonWarning, rateText, verdictText } from "../lib/messages.js";

/** @typedef {"selfie" | "id_photo"} Role */

/** @type {Record<Role, {drop: string, area: {camera: "user" | "environment", symbol: "person" | "document"}, missing: string, face: string}>} */
const ROLES = {
  selfie: {
    drop: "Drop a selfie here",
    area: { camera: "user", symbol: "person" },
    missing: "Add a selfie to compare.",
    face: "Face in the selfie",
  },
  id_photo: {
    drop: "Drop the ID document here",
    area: { camera: "environment", symbol: "document" },
    missing: "Add the ID document to compare.",
    face: "Portrait in the document",
  },
};

const UNRELIABLE = "unreliable_comparison"; // the only warning about a face; the others are about its file
const LARGEST_DISTANCE = 1.2; // distance on the scale; most strangers are closer
const STEP = 0.01;
const HEIGHT = 34;
const WIDTH = 600;
const MARGIN = 24; // for the labels at both ends

/** @returns {HTMLElement} */
export function compareView() {
  /** @type {Record<Role, File | null>} */
  const files = { selfie: null, id_photo: null };
  const places = { selfie: h("div", {}), id_photo: h("div", {}) };
  const result = h("div", { class: "result stack", "aria-live": "polite" });
  let latest = new AbortController();
  const pick = (/** @type {Role} */ role) => {
    const onFiles = (/** @type {import("../components/drop_area.js").DroppedFile[]} */ found) => {
      latest.abort(); // the previous request's result is no longer needed
      latest = new AbortController();
      files[role] = found[0]?.file ?? null;
      const { selfie, id_photo } = files;
      for (const each of /** @type {Role[]} */ (["selfie", "id_photo"])) fill(places[each], fileName(files[each]));
      if (selfie && id_photo) void compare({ selfie, id_photo }, places, result, latest.signal);
      else fill(result, h("p", {}, ROLES[selfie ? "id_photo" : "selfie"].missing));
    };
    return h("section", { "aria-label": ROLES[role].face }, dropArea({ label: ROLES[role].drop, ...ROLES[role].area, onFiles }), places[role]);
  };
  return h("div", {}, h("h1", {}, "Compare two faces"), h("div", { class: "columns" }, pick("selfie"), pick("id_photo")), result);
}

/**
 * @param {Record<Role, File>} files
 * @param {Record<Role, HTMLElement>} places
 * @param {HTMLElement} result
 * @param {AbortSignal} signal
 */
async function compare(files, places, result, signal) {
  const fields = { ...files, portraits: "true" };
  fill(result, loading("Comparing..."));
  try {
    /** @type {Comparison} */
    const comparison = await ask("compare-faces", { method: "POST", body: form(fields), signal });
    for (const role of /** @type {Role[]} */ (["selfie", "id_photo"])) {
      const about = comparison.warnings.filter(({ code, field }) => code !== UNRELIABLE && field === role);
      fill(places[role], ...portrait(comparison[role], about, files[role], ROLES[role].face));
    }
    fill(result, verdict(comparison), h("div", { class: "card" }, jsonBlock(comparison, "comparison.json"), curlBlock("compare-faces", fields)));
  } catch (error) {
    if (signal.aborted) return;
    const role = error instanceof Problem ? error.field : null;
    if (role === "selfie" || role === "id_photo") {
      fill(places[role], fileName(files[role]), failure(error), uploadedImage(files[role]));
      fill(result, curlBlock("compare-faces", fields));
    } else {
      fill(result, failure(error), curlBlock("compare-faces", fields));
    }
  }
}

/**
 * @param {File | null} file
 * @returns {HTMLElement | null}
 */
function fileName(file) {
  return file && h("p", { class: "hint" }, file.name);
}

/**
 * @param {ComparedFace} face
 * @param {ComparisonWarning[]} warnings about its file
 * @param {File} file
 * @param {string} alt
 * @returns {(HTMLElement | null | false)[]}
 */
function portrait(face, warnings, file, alt) {
  const position = `Page ${face.page}, ${count(face.total_faces, "face")}${rotationText(face.rotation)}.`;
  return [
    h(
      "div",
      { class: "card portrait compared" },
      face.face_image ? h("img", { src: face.face_image, alt }) : null,
      h(
        "div",
        {},
        fileName(file),
        h("p", {}, position),
        quality(face.quality),
        face.several_people && notice(SEVERAL_PEOPLE),
        ...warnings.map((warning) => notice(comparisonWarning(warning))),
      ),
    ),
  ];
}

/**
 * @param {Comparison} comparison
 * @returns {HTMLElement}
 */
function verdict(comparison) {
  const { distance, threshold } = comparison;
  const doubts = comparison.warnings.filter(({ code }) => code === UNRELIABLE);
  const rateOf = falseMatchRateAt(comparison);
  const status = h("p", { class: "verdict", role: "status" });
  const scale = h("div", {});
  const output = h("output", { for: "threshold" });
  const slider = h("input", { id: "threshold", type: "range", min: 0, max: Math.max(LARGEST_DISTANCE, threshold), step: STEP, value: threshold });
  const draw = () => {
    const place = Number(slider.value);
    const chosen = Math.abs(place - threshold) < STEP / 2 ? threshold : place; // which can lie between two steps
    const match = chosen === threshold ? comparison.match : distance <= chosen;
    const label = thresholdLabel(chosen, rateOf(chosen));
    status.textContent = verdictText(comparison, match, chosen);
    status.className = `verdict ${match ? "good" : "bad"}`;
    output.textContent = `${label}${chosen === threshold ? " (service default)" : ""}`;
    slider.setAttribute("aria-valuetext", label);
    fill(scale, ruler(distance, chosen));
  };
  slider.addEventListener("input", draw);
  draw();
  return h(
    "section",
    { class: "card", "aria-labelledby": "verdict" },
    h("h2", { id: "verdict" }, "Verdict"),
    status,
    doubts.length > 0 &&
      notice(
        h("p", {}, h("strong", {}, "This comparison is unreliable.")),
        h("ul", {}, ...doubts.map((warning) => h("li", {}, comparisonWarning(warning)))),
      ),
    scale,
    h("p", {}, h("label", { for: "threshold" }, "Threshold "), slider, " ", output),
    h("p", {}, `Distance ${distance.toFixed(3)}, confidence ${number(comparison.confidence)} out of 100.`),
    comparison.false_match_rate === null &&
      h("p", { class: "hint" }, "The false match rate was not measured for this encoder."),
  );
}

/**
 * @param {number} threshold
 * @param {import("../lib/false_match_rate.js").Rate | null} known
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
  const status = `Distance ${distance.toFixed(3)} on a scale from 0 (same picture) to ${LARGEST_DISTANCE}; threshold ${threshold.toFixed(2)}`;
  return s(
    "svg",
    { class: "ruler", viewBox: `${-MARGIN} 0 ${WIDTH + 2 * MARGIN} ${HEIGHT + 20}`, role: "img", "aria-label": status },
    s("rect", { class: "inside", x: 0, y: middle - 5, width: x(threshold), height: 10 }),
    s("rect", { class: "outside", x: x(threshold), y: middle - 5, width: WIDTH - x(threshold), height: 10 }),
    s("line", { class: "threshold", x1: x(threshold), x2: x(threshold), y1: 2, y2: HEIGHT - 2 }),
    s("circle", { class: "distance", cx: x(distance), cy: middle, r: 9 }),
    ...[0, 0.3, 0.6, 0.9, 1.2].map((value) => s("text", { x: x(value), y: HEIGHT + 14 }, value.toFixed(1))),
  );
}
