// Rows of a batch: one for each document, filled from its result.

/** @import { BatchResult, Comparison, Extraction } from "./types.js" */
import { comparisonWarning, fileWarnings, qualityWarning, verdictText } from "../lib/messages.js";
import { keepPortrait } from "./portraits.js";

/** @typedef {"waiting" | "sending" | "queued" | "succeeded" | "failed" | "cancelled" | "unsent"} State */

/**
 * One document. `hasPortrait` and `score` belong to an extraction, `verdict` to a comparison (sent by other clients),
 * `warnings` to both, `code` and `reason` to a failure; `codes` are those of the failure or of the warnings. `job` is null until the service accepts the upload; `file` is null
 * when the batch was opened by name.
 *
 * @typedef {object} Row
 * @property {string} reference
 * @property {State} state
 * @property {File | null} file
 * @property {string | null} job
 * @property {number} attempt
 * @property {boolean} hasPortrait
 * @property {number | null} score
 * @property {string} verdict
 * @property {string[]} warnings
 * @property {string} code
 * @property {string} reason
 * @property {string[]} codes
 * @property {boolean} handled by the user of this tab
 */

/**
 * @param {string} reference
 * @param {boolean} handled
 * @returns {Row}
 */
export function newRow(reference, handled) {
  return {
    reference, state: "waiting", file: null, job: null, attempt: 1, hasPortrait: false, score: null, verdict: "",
    warnings: [], code: "", reason: "", codes: [], handled,
  };
}

/**
 * Return the fields of a row that a result sets. Keeps a portrait for when its row is shown.
 *
 * @param {BatchResult} result
 * @returns {Partial<Row>}
 */
export function resultFields({ id, status, result, error }) {
  const fields = { state: /** @type {State} */ (status), job: id };
  if (error) return { ...fields, code: error.code, codes: [error.code], reason: error.detail };
  if (!result) return fields;
  if ("face_image" in result) {
    const { face_image: portrait, metadata } = /** @type {Extraction} */ (result);
    keepPortrait(id, portrait);
    const warnings = [...fileWarnings(metadata), ...metadata.quality.warnings.map(qualityWarning)];
    const codes = [...(metadata.warnings ?? []), ...metadata.quality.warnings];
    return { ...fields, hasPortrait: true, score: metadata.confidence, warnings, codes };
  }
  const comparison = /** @type {Comparison} */ (result);
  const warnings = comparison.warnings ?? []; // results of older versions have none
  return { ...fields, verdict: verdictText(comparison), warnings: warnings.map(comparisonWarning), codes: warnings.map(({ code }) => code) };
}
