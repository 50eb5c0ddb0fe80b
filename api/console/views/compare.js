// Two pictures: whether they show the same person, and what another threshold would say.

/** @import { ComparedFace, Comparison, ComparisonWarning } from "../services/types.js" */
import { Problem, ask, form } from "../services/api.js";
import { fill, h, s } from "../lib/dom.js";
import { dropArea } from "../components/drop_area.js";
import { caution, curl, failure, json, quality, sent } from "../components/elements.js";
import { rateAt } from "../lib/false_match_rate.js";
import { SEVERAL_PEOPLE, comparisonWarning, count, number, righted, sentence, strangers } from "../lib/format.js";

/** @typedef {"selfie" | "id_photo"} Role */

/** @type {Record<Role, {drop: string, missing: string, face: string}>} */
const ROLES = {
  selfie: { drop: "Drop a selfie here", missing: "Add a selfie to compare.", face: "The selfie's face" },
  id_photo: {
    drop: "Drop the ID document, or its photo, here",
    missing: "Add the ID document to compare.",
    face: "The document's portrait",
  },
};

const UNRELIABLE = "unreliable_comparison"; // the one warning about a face; others are about its file
const LARGEST = 1.2; // distance that is drawn: strangers are seldom farther apart
const STEP = 0.01;
const HEIGHT = 34;
const WIDTH = 600;
const MARGIN = 24; // for the numbers at both ends

/** @returns {HTMLElement} */
export function compareScreen() {
  /** @type {Record<Role, File | null>} */
  const files = { selfie: null, id_photo: null };
  const places = { selfie: h("div", { class: "portrait" }), id_photo: h("div", { class: "portrait" }) };
  const result = h("div", { "aria-live": "polite" });
  let latest = new AbortController();
  const pick = (/** @type {Role} */ role) => {
    const onfound = (/** @type {import("../components/drop_area.js").Found[]} */ found) => {
      latest.abort(); // nobody looks at the one before any more
      latest = new AbortController();
      files[role] = found[0]?.file ?? null;
      const { selfie, id_photo } = files;
      for (const each of /** @type {Role[]} */ (["selfie", "id_photo"])) fill(places[each], name(files[each]));
      if (selfie && id_photo) void compare({ selfie, id_photo }, places, result, latest.signal);
      else fill(result, h("p", {}, ROLES[selfie ? "id_photo" : "selfie"].missing));
    };
    return h("section", { "aria-label": ROLES[role].face }, dropArea({ label: ROLES[role].drop, onfound }), places[role]);
  };
  return h("div", {}, h("h1", {}, "Compare two faces"), h("div", { class: "columns even" }, pick("selfie"), pick("id_photo")), result);
}

/**
 * @param {Record<Role, File>} files
 * @param {Record<Role, HTMLElement>} places
 * @param {HTMLElement} result
 * @param {AbortSignal} signal
 */
async function compare(files, places, result, signal) {
  const fields = { ...files, portraits: "true" };
  fill(result, h("p", { class: "busy" }, "Comparing..."));
  try {
    /** @type {Comparison} */
    const comparison = await ask("compare-faces", { method: "POST", body: form(fields), signal });
    for (const role of /** @type {Role[]} */ (["selfie", "id_photo"])) {
      const about = comparison.warnings.filter(({ code, field }) => code !== UNRELIABLE && field === role);
      fill(places[role], ...portrait(comparison[role], about, files[role], ROLES[role].face));
    }
    fill(result, verdict(comparison), json(comparison, "comparison.json"), curl("compare-faces", fields));
  } catch (error) {
    if (signal.aborted) return;
    const role = error instanceof Problem ? error.field : null;
    if (role === "selfie" || role === "id_photo") {
      fill(places[role], name(files[role]), failure(error), sent(files[role]));
      fill(result, curl("compare-faces", fields));
    } else {
      fill(result, failure(error), curl("compare-faces", fields));
    }
  }
}

/**
 * @param {File | null} file
 * @returns {HTMLElement | null}
 */
function name(file) {
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
  const where = `Page ${face.page}, ${count(face.total_faces, "face")}${righted(face.rotation)}.`;
  return [
    face.face_image ? h("img", { src: face.face_image, alt }) : null,
    name(file),
    h("p", {}, where),
    face.several_people && caution(SEVERAL_PEOPLE),
    ...warnings.map((warning) => caution(comparisonWarning(warning))),
    quality(face.quality),
  ];
}

/**
 * @param {Comparison} comparison
 * @returns {HTMLElement}
 */
function verdict(comparison) {
  const { distance, threshold } = comparison;
  const doubts = comparison.warnings.filter(({ code }) => code === UNRELIABLE);
  const rateOf = rateAt(comparison);
  const said = h("p", { class: "verdict", role: "status" });
  const scale = h("div", {});
  const output = h("output", { for: "threshold" });
  const slider = h("input", { id: "threshold", type: "range", min: 0, max: Math.max(LARGEST, threshold), step: STEP, value: threshold });
  const draw = () => {
    const place = Number(slider.value);
    const chosen = Math.abs(place - threshold) < STEP / 2 ? threshold : place; // which may lie between two steps
    const match = chosen === threshold ? comparison.match : distance <= chosen;
    const label = thresholdLabel(chosen, rateOf(chosen));
    said.textContent = sentence(comparison, match, chosen);
    said.className = `verdict ${match ? "good" : "bad"}`;
    output.textContent = `${label}${chosen === threshold ? " (the service's threshold)" : ""}`;
    slider.setAttribute("aria-valuetext", label);
    fill(scale, ruler(distance, chosen));
  };
  slider.addEventListener("input", draw);
  draw();
  return h(
    "section",
    { "aria-labelledby": "verdict" },
    h("h2", { id: "verdict" }, "Verdict"),
    said,
    doubts.length > 0 &&
      h(
        "div",
        { class: "caution" },
        h("p", {}, h("strong", {}, "This comparison is unreliable.")),
        h("ul", {}, ...doubts.map((warning) => h("li", {}, comparisonWarning(warning)))),
      ),
    scale,
    h("p", {}, h("label", { for: "threshold" }, "Threshold "), slider, " ", output),
    h("p", {}, `Distance ${distance.toFixed(3)}, confidence ${number(comparison.confidence)} of 100.`),
    comparison.false_match_rate === null &&
      h("p", { class: "hint" }, "How often strangers look this alike was not measured for this encoder."),
  );
}

/**
 * @param {number} threshold
 * @param {import("../lib/false_match_rate.js").Rate | null} known
 * @returns {string}
 */
function thresholdLabel(threshold, known) {
  return `${threshold.toFixed(2)}${known ? `: ${strangers(known.rate, known.bound)} match` : ""}`;
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
