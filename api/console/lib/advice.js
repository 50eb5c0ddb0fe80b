// What an intake officer does after a verification, and what to tell the applicant.

/** @import { ComparedFace, Comparison, Quality } from "../services/types.js" */

/** @type {Record<Quality["warnings"][number], string>} */
const REQUESTS = {
  too_small: "closer to the camera",
  blurry: "with the camera held still",
  too_dark: "in better light",
  too_bright: "without flash or direct light",
  low_contrast: "in good light, without reflections, with a clean lens",
  glare: "without reflections on the face",
  turned_away: "with the face towards the camera",
};

const OWN_DOCUMENT = "Check that you sent your own document.";

/**
 * @typedef {object} Advice
 * @property {string} next what the officer does
 * @property {string[]} applicant sentences for the applicant
 */

/**
 * Return the next step and the message to the applicant.
 *
 * @param {Comparison} comparison
 * @returns {Advice}
 */
export function adviceFor({ match, warnings, selfie, id_photo: document }) {
  const unreliable = warnings.some(({ code }) => code === "unreliable_comparison");
  const requests = [
    request("Please take a new selfie", "that shows only you", selfie),
    request("Please send a new picture of your ID document", "that shows nothing else", document),
    warnings.some(({ code }) => code === "unreadable_pages") ? "Please scan your document again: some pages could not be read." : "",
  ].filter(Boolean);
  const several = selfie.several_people || document.several_people;
  if (unreliable) return { next: "Ask for better pictures before you decide.", applicant: ["We cannot compare your pictures yet.", ...requests] };
  if (match && several) return { next: "Check that both pictures show the applicant.", applicant: ["Your selfie matches the photo in your ID document.", ...requests] };
  if (match) return { next: "Continue with the application.", applicant: ["Your selfie matches the photo in your ID document."] };
  if (requests.length) {
    return {
      next: "Ask for better pictures. Compare both faces yourself before you reject the application.",
      applicant: ["We could not match your selfie with the photo in your ID document.", ...requests, OWN_DOCUMENT],
    };
  }
  return {
    next: "Compare both faces yourself before you reject the application.",
    applicant: [
      "Your selfie does not match the photo in your ID document.",
      "Please take a new selfie in good light, facing the camera.",
      OWN_DOCUMENT,
    ],
  };
}

/**
 * Return the advice for a picture that could not be compared.
 *
 * @param {string} reason what is wrong with the picture, and what to send instead
 * @returns {Advice}
 */
export function adviceForRefused(reason) {
  return { next: "Ask the applicant for another picture.", applicant: ["We cannot compare your pictures yet.", reason] };
}

/**
 * @param {string} start
 * @param {string} alone what to ask for if the picture shows several people
 * @param {ComparedFace} face
 * @returns {string} empty if the face is good enough
 */
function request(start, alone, { quality, several_people: several }) {
  const wishes = quality.warnings.map((code) => REQUESTS[code]);
  if (several) wishes.unshift(alone);
  return wishes.length ? `${start} ${wishes.join(", ")}.` : "";
}
