// Verification screen: compares the portrait in a document with a selfie, in one request.

/** @import { DroppedFile } from "../components/drop_area.js" */
/** @import { Advice } from "../lib/advice.js" */
/** @import { ComparedFace, Comparison, ComparisonWarning } from "../services/types.js" */
import { button } from "../components/button.js";
import { curlBlock, jsonBlock } from "../components/code_block.js";
import { dropArea } from "../components/drop_area.js";
import { emptyState, failure, loading, notice, quality, uploadedImage } from "../components/feedback.js";
import { icon } from "../components/icon.js";
import { thresholdControl } from "../components/threshold.js";
import { adviceFor, adviceForRefused } from "../lib/advice.js";
import { fill, h } from "../lib/dom.js";
import { count, number, rotationText } from "../lib/format.js";
import { SEVERAL_PEOPLE, comparisonWarning, pictureError, verdictText } from "../lib/messages.js";
import { Problem, ask, form } from "../services/api.js";

/** @typedef {"id_photo" | "selfie"} Role */

const ROLES = /** @type {const} */ ({
  id_photo: {
    area: { subject: "the ID document", picture: "document", symbol: "document" },
    missing: "Add the ID document to compare.",
    face: "Portrait in the document",
  },
  selfie: {
    area: { subject: "a selfie", picture: "selfie", symbol: "person" },
    missing: "Add a selfie to compare.",
    face: "Face in the selfie",
  },
});

/** @type {Role[]} */
const ORDER = ["id_photo", "selfie"];
const UNRELIABLE = "unreliable_comparison"; // the only warning about a face; the others are about its file

/** @returns {HTMLElement} */
export function verifyView() {
  /** @type {Record<Role, File | null>} */
  const files = { selfie: null, id_photo: null };
  const places = { selfie: h("div", {}), id_photo: h("div", {}) };
  const result = h("div", { class: "result stack", "aria-live": "polite" });
  let latest = new AbortController();
  const onFile = (/** @type {Role} */ role, /** @type {DroppedFile[]} */ dropped) => {
    latest.abort(); // the previous request's result is no longer needed
    latest = new AbortController();
    files[role] = dropped[0]?.file ?? null;
    const { selfie, id_photo } = files;
    for (const each of ORDER) fill(places[each], chosenFile(files[each]));
    if (selfie && id_photo) void compare({ selfie, id_photo }, places, result, latest.signal);
    else fill(result, emptyState("verify", ROLES[selfie ? "id_photo" : "selfie"].missing, "The comparison starts when both are here."));
  };
  const picker = (/** @type {Role} */ role) =>
    h(
      "section",
      { "aria-label": ROLES[role].face },
      dropArea({ ...ROLES[role].area, onFiles: (dropped) => onFile(role, dropped) }),
      places[role],
    );
  return h(
    "div",
    {},
    h("h1", {}, "Verify an applicant"),
    h("p", { class: "lead" }, "Checks that a selfie shows the person in the ID document."),
    h("div", { class: "columns" }, ...ORDER.map(picker)),
    result,
  );
}

/**
 * @param {Record<Role, File>} files
 * @param {Record<Role, HTMLElement>} places
 * @param {HTMLElement} result
 * @param {AbortSignal} signal
 */
async function compare(files, places, result, signal) {
  const fields = { ...files, portraits: "true" };
  const curl = curlBlock("compare-faces", fields);
  fill(result, loading("Comparing..."));
  reveal(result);
  try {
    /** @type {Comparison} */
    const comparison = await ask("compare-faces", { method: "POST", body: form(fields), signal });
    for (const role of ORDER) {
      const warnings = comparison.warnings.filter(({ code, field }) => code !== UNRELIABLE && field === role);
      fill(places[role], faceCard(comparison[role], warnings, files[role], ROLES[role].face));
    }
    const verdict = verdictCard(comparison);
    fill(result, verdict, h("div", { class: "card" }, jsonBlock(comparison, "comparison.json"), curl));
    reveal(verdict);
  } catch (error) {
    if (signal.aborted) return;
    const role = error instanceof Problem ? error.field : null;
    if (error instanceof Problem && (role === "selfie" || role === "id_photo")) {
      const text = pictureError(role, error.code, error.message);
      const advice = h("section", { class: "card", "aria-labelledby": "refused" }, h("h2", { id: "refused" }, "Not compared"), adviceBlock(adviceForRefused(text)));
      fill(places[role], chosenFile(files[role]), failure(new Problem(error.status, error.code, text)), uploadedImage(files[role]));
      fill(result, advice, h("div", { class: "card" }, curl));
      reveal(places[role]);
    } else {
      fill(result, failure(error, () => void compare(files, places, result, signal)), h("div", { class: "card" }, curl));
    }
  }
}

/**
 * Scroll an element into view where a narrow screen shows it below the pictures.
 *
 * @param {HTMLElement} element
 */
function reveal(element) {
  element.scrollIntoView({ block: "nearest" });
}

/**
 * @param {File | null} file
 * @returns {HTMLElement | null}
 */
function chosenFile(file) {
  return file && h("p", { class: "hint" }, `Chosen: ${file.name}`);
}

/**
 * @param {ComparedFace} face
 * @param {ComparisonWarning[]} warnings about its file
 * @param {File} file
 * @param {string} alt
 * @returns {HTMLElement}
 */
function faceCard(face, warnings, file, alt) {
  const position = `Page ${face.page}, ${count(face.total_faces, "face")}${rotationText(face.rotation)}.`;
  return h(
    "div",
    { class: "card portrait compared" },
    face.face_image ? h("img", { src: face.face_image, alt }) : null,
    h(
      "div",
      {},
      quality(face.quality),
      h("p", { class: "hint" }, file.name),
      h("p", { class: "hint" }, position),
      face.several_people && notice(SEVERAL_PEOPLE),
      ...warnings.map((warning) => notice(comparisonWarning(warning))),
    ),
  );
}

/**
 * @param {Comparison} comparison
 * @returns {HTMLElement}
 */
function verdictCard(comparison) {
  const doubts = comparison.warnings.filter(({ code }) => code === UNRELIABLE);
  const status = h("p", { class: "verdict", role: "status" });
  const control = thresholdControl(comparison, (match, threshold) => {
    status.textContent = verdictText(comparison, match, threshold);
    status.className = `verdict ${match ? "good" : "bad"}`;
  });
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
    adviceBlock(adviceFor(comparison)),
    h(
      "details",
      {},
      h("summary", {}, "Distance and threshold"),
      control,
      h("p", {}, `Distance ${comparison.distance.toFixed(3)}, confidence ${number(comparison.confidence)} out of 100.`),
      comparison.false_match_rate === null &&
        h("p", { class: "hint" }, "The false match rate was not measured for this encoder."),
    ),
  );
}

/**
 * @param {Advice} advice
 * @returns {HTMLElement}
 */
function adviceBlock({ next, applicant }) {
  const status = h("span", { role: "status" });
  const copy = async () => {
    await navigator.clipboard.writeText(applicant.join(" "));
    status.textContent = "Copied.";
  };
  return h(
    "div",
    { class: "advice" },
    h("div", {}, h("h3", {}, "Next step"), h("p", {}, next)),
    h(
      "div",
      {},
      h("h3", {}, icon("person"), "Tell the applicant"),
      h("blockquote", {}, ...applicant.map((sentence) => h("p", {}, sentence))),
      // Browsers offer the clipboard to pages from HTTPS or localhost only.
      navigator.clipboard ? h("p", { class: "actions" }, button("Copy message", () => void copy()), status) : null,
    ),
  );
}
