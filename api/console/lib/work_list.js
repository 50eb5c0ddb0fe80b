// The work list of a batch: which rows are shown, and in which order.

/** @import { Row, State } from "../services/batch_rows.js" */

/** @type {Record<State, string>} */
export const STATUS = {
  waiting: "Waiting to upload",
  sending: "Uploading",
  queued: "Queued",
  succeeded: "Portrait found",
  failed: "Failed",
  cancelled: "Cancelled",
  unsent: "Rejected",
};

/** @type {Record<string, (row: Row) => boolean>} */
export const OUTCOMES = {
  "All": () => true,
  "Failures": isFailure,
  "Failures to handle": (row) => isFailure(row) && !row.handled,
  "With warnings": (row) => row.state === "succeeded" && row.warnings.length > 0,
  "Completed": ({ state }) => state === "succeeded",
  "In progress": ({ state }) => state === "waiting" || state === "sending" || state === "queued",
};

const COLLATOR = new Intl.Collator("en", { numeric: true });

export const UNSORTED = "None"; // upload order, or, in a batch that was opened by name, the order in which jobs ended

/** @type {Record<string, ((one: Row, other: Row) => number) | null>} */
export const ORDERS = {
  [UNSORTED]: null,
  "Name": (one, other) => COLLATOR.compare(one.reference, other.reference),
  "Lowest score": (one, other) => (one.score ?? Infinity) - (other.score ?? Infinity),
  "Status": (one, other) => STATUS[one.state].localeCompare(STATUS[other.state]),
};

export const ANY_REASON = "Any";

/**
 * @typedef {object} Selection
 * @property {string} outcome one of OUTCOMES
 * @property {string} reason code of an error or a warning, or ANY_REASON
 * @property {string} order one of ORDERS
 * @property {string} search part of a reference
 */

/**
 * Return the rows of a selection in its order.
 *
 * @param {Iterable<Row>} rows
 * @param {Selection} selection
 * @returns {Row[]}
 */
export function selectRows(rows, { outcome, reason, order, search }) {
  const passes = OUTCOMES[outcome] ?? (() => true);
  const text = search.trim().toLowerCase();
  const selected = [...rows].filter(
    (row) =>
      passes(row) &&
      (reason === ANY_REASON || row.codes.includes(reason)) &&
      (text === "" || row.reference.toLowerCase().includes(text)),
  );
  const compare = ORDERS[order];
  return compare ? selected.sort(compare) : selected;
}

/**
 * @param {Row} row
 * @returns {boolean} whether the document has no result and will get none by itself
 */
export function isFailure({ state }) {
  return state === "failed" || state === "unsent" || state === "cancelled";
}

/**
 * @param {Row} row
 * @returns {boolean} whether the document can be sent again: it failed, and its file is here
 */
export function canRetry(row) {
  return isFailure(row) && row.file !== null;
}

/**
 * Return the codes of errors and warnings in a batch, sorted.
 *
 * @param {Iterable<Row>} rows
 * @returns {string[]}
 */
export function reasonsIn(rows) {
  const codes = new Set();
  for (const row of rows) for (const code of row.codes) codes.add(code);
  return [...codes].sort();
}

/**
 * @param {string} code for example "no_face"
 * @returns {string} for example "No face" or "PDF attachments"
 */
export function reasonLabel(code) {
  const words = code.replaceAll("_", " ").replace(/\bpdf\b/, "PDF");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
