// Texts for codes and rates in the API's responses, and for the checks of the camera. Each says what to do next.

/** @import { Comparison, ComparisonWarning, Metadata, Quality } from "../services/types.js" */
/** @import { Fault, PictureKind } from "./capture_checks.js" */
import { andList, number, twoDigits } from "./format.js";

/** @type {Record<Quality["warnings"][number], string>} */
const QUALITY_WARNINGS = {
  too_small: "The face is small. Move the camera closer, or scan at a higher resolution.",
  blurry: "The face is blurred. Hold the camera still and let it focus.",
  too_dark: "The face is too dark. Use more light.",
  too_bright: "The face is too bright. Avoid direct light and flash.",
  low_contrast: "The face has low contrast. Use good light, clean the lens or the scanner glass, and avoid reflections.",
  glare: "There is glare on the face. Tilt the document or move the light.",
  turned_away: "The face is turned away. Use a picture with the face towards the camera.",
};

/** @type {Record<NonNullable<ComparisonWarning["reason"]>, string>} */
const UNRELIABLE = {
  too_small: "is too small to compare. Move the camera closer, or scan at a higher resolution.",
  blurred: "is too blurred to compare. Hold the camera still and let it focus.",
  turned_away: "is turned too far away to compare. Take a picture with the face towards the camera.",
};

/** @type {Record<PictureKind, Record<Fault, string>>} */
const CAPTURE_FAULTS = {
  document: {
    too_dark: "Too dark. Use more light.",
    too_bright: "Too bright. Move out of direct light.",
    glare: "There is glare. Tilt the document or move the light.",
    blurred: "Not sharp. Fill the frame with the document, and hold the camera still.",
  },
  selfie: {
    too_dark: "Too dark. Face a window or a lamp.",
    too_bright: "Too bright. Move out of direct light.",
    glare: "There is glare on the face. Turn away from the light.",
    blurred: "Not sharp. Fill the oval with the face, and hold the camera still.",
  },
};

export const SEVERAL_PEOPLE = "Several people found. Check that this is the right face. If it is not, use a picture without the others.";

const LARGEST_RATE = 0.1; // larger rates are not measured

/**
 * Return the text of a quality warning.
 *
 * @param {Quality["warnings"][number]} code
 * @returns {string}
 */
export function qualityWarning(code) {
  return QUALITY_WARNINGS[code];
}

/**
 * Return what to do before the picture is taken.
 *
 * @param {PictureKind} kind
 * @param {Fault | null} fault
 * @returns {string}
 */
export function captureAdvice(kind, fault) {
  return fault ? CAPTURE_FAULTS[kind][fault] : "Sharp and well lit. Take the picture.";
}

/**
 * Return the texts of an extraction's warnings, apart from the portrait's quality.
 *
 * @param {Metadata} metadata
 * @returns {string[]}
 */
export function fileWarnings({ warnings = [], unreadable_pages: pages = [] }) {
  return warnings.map((code) => (code === "several_people" ? SEVERAL_PEOPLE : fileWarning(code, pages)));
}

/**
 * Return the text of a comparison's warning.
 *
 * @param {ComparisonWarning} warning
 * @returns {string}
 */
export function comparisonWarning({ code, field, reason, pages }) {
  const picture = field === "selfie" ? "selfie" : "document";
  if (reason) return `The face in the ${picture} ${UNRELIABLE[reason]}`;
  if (code === "unreliable_comparison") return `The ${picture} shows too little of the face.`;
  return fileWarning(code, pages ?? [], ` of the ${picture}`);
}

/**
 * Return the text of an error about one of two compared pictures. The API's text about a missing face fits a document only.
 *
 * @param {"selfie" | "id_photo"} role
 * @param {string} code
 * @param {string} detail the API's text
 * @returns {string}
 */
export function pictureError(role, code, detail) {
  if (role === "selfie" && code === "no_face") return "Selfie: No face was found. Take a new selfie in good light, facing the camera.";
  return detail;
}

/**
 * @param {"unreadable_pages" | "approximate_colours"} code
 * @param {number[]} pages
 * @param {string} [of] which of two files
 * @returns {string}
 */
function fileWarning(code, pages, of = "") {
  if (code === "approximate_colours") return `The colours${of} may be wrong because the file does not define them. Send it as an sRGB picture.`;
  const which = `${pages.length === 1 ? "Page" : "Pages"} ${andList(pages.map(String))}${of}`;
  return `${which} could not be read. If the photo is there, scan the document again.`;
}

/**
 * Return the verdict with its false match rate, or with distance and threshold where no rate was measured.
 *
 * @param {Comparison} comparison
 * @param {boolean} [match]
 * @param {number} [threshold]
 * @returns {string}
 */
export function verdictText(comparison, match = comparison.match, threshold = comparison.threshold) {
  const { distance, false_match_rate: rate } = comparison;
  const verdict = match ? "Match" : "No match";
  if (rate !== null && rate > LARGEST_RATE && !match) return `${verdict}: strangers often look this alike (more than 1 in 10 pairs).`;
  if (rate !== null) return `${verdict}: ${rateText(rate, true)} look this alike.`;
  return `${verdict}: the distance ${distance.toFixed(3)} is ${match ? "within" : "above"} the threshold ${threshold.toFixed(2)}.`;
}

/**
 * Return a false match rate as a share of pairs of strangers.
 *
 * @param {number} rate
 * @param {boolean} [bound] whether it is an upper bound
 * @returns {string}
 */
export function rateText(rate, bound = false) {
  if (rate > LARGEST_RATE) return "more than 1 in 10 pairs of strangers";
  return `${bound ? "at most " : ""}1 in ${number(twoDigits(1 / rate))} pairs of strangers`;
}
