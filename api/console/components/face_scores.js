// All faces with the scores that decide which one is the portrait.

/** @import { Extraction, Face } from "../services/types.js" */
import { h } from "../lib/dom.js";
import { angle, number } from "../lib/format.js";

const SIZE_WEIGHT = 0.7;
const POSITION_WEIGHT = 0.3;

/**
 * @param {Extraction} extraction
 * @param {(index: number) => void} onShow
 * @returns {HTMLElement}
 */
export function faceScores(extraction, onShow) {
  const { all_faces: faces, selected_index: selected } = extraction.metadata;
  return h(
    "section",
    { class: "card", "aria-labelledby": "faces" },
    h("h2", { id: "faces" }, "Faces and scores"),
    h("p", { class: "hint" }, "Score = 70% size + 30% position. Larger faces near the top centre score higher. The score ranks the faces of one document; it does not measure quality."),
    h("ol", { class: "faces" }, ...faces.map((face) => entry(face, face.index === selected, onShow))),
  );
}

/**
 * @param {Face} face
 * @param {boolean} chosen
 * @param {(index: number) => void} onShow
 * @returns {HTMLElement}
 */
function entry(face, chosen, onShow) {
  const verdict = chosen ? "portrait" : face.candidate ? "candidate" : "not a candidate: ghost image, bystander or crowd";
  return h(
    "li",
    { class: chosen ? "chosen" : "other" },
    h(
      "button",
      { type: "button", class: "face", onclick: () => onShow(face.index) },
      h("span", { class: "number" }, face.index + 1),
      ` Page ${face.page}, ${verdict}`,
    ),
    h(
      "dl",
      { class: "scores" },
      ...bar("Size", face.size_score, SIZE_WEIGHT, "size"),
      ...bar("Position", face.position_score, POSITION_WEIGHT, "position"),
      h("dt", {}, "Score"),
      h("dd", {}, sum(face), ` ${number(face.combined_score)}`),
    ),
    h(
      "p",
      { class: "hint" },
      `Detection score ${number(face.detection_score * 100)}%`,
      face.rotation !== 0 && `, rotated ${angle(face.rotation)}`,
    ),
  );
}

/**
 * @param {string} label
 * @param {number} score 0..100
 * @param {number} weight
 * @param {string} kind
 * @returns {HTMLElement[]}
 */
function bar(label, score, weight, kind) {
  const share = `${weight * 100}%`;
  return [
    h("dt", {}, `${label} (${share})`),
    h("dd", {}, track(part(score, kind)), ` ${number(score)} \u00d7 ${share} = ${number(weight * score)}`),
  ];
}

/**
 * @param {Face} face
 * @returns {HTMLElement}
 */
function sum(face) {
  return track(part(SIZE_WEIGHT * face.size_score, "size"), part(POSITION_WEIGHT * face.position_score, "position"));
}

/**
 * @param {...HTMLElement} parts
 * @returns {HTMLElement}
 */
function track(...parts) {
  return h("span", { class: "track", "aria-hidden": "true" }, ...parts);
}

/**
 * @param {number} percent
 * @param {string} kind
 * @returns {HTMLElement}
 */
function part(percent, kind) {
  return h("span", { class: kind, style: { width: `${percent}%` } });
}
