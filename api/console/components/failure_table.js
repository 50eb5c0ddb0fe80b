// The last failed jobs by error code.

/** @import { FailedJob, FailureCode } from "../services/types.js" */
import { h } from "../lib/dom.js";
import { ago, number, secondsSince } from "../lib/format.js";
import { tableSection } from "./data_table.js";
import { emptyState } from "./feedback.js";

/** @returns {{element: HTMLElement, draw: (failures: FailureCode[], asOf: Date) => void}} */
export function failureTable() {
  const none = emptyState("check", "No failed jobs", "No job has failed in the last 24 hours.");
  const note = "Up to five jobs for each error code of the last 24 hours. Erased jobs are not listed. GET /jobs/{id} finds a job until RESULT_TTL has passed.";
  const columns = ["Error", "Cause", "Last 10 minutes", "Last hour", "Last failed jobs"];
  const { element, draw } = tableSection("Last failures by code", columns, none, h("p", { class: "hint" }, note));
  // First what the operator can do something about; within a cause, the latest.
  const isOurs = (/** @type {FailureCode} */ { cause }) => Number(cause === "service");
  const byCause = (/** @type {FailureCode[]} */ failures) => failures.toSorted((one, other) => isOurs(other) - isOurs(one));
  return { element, draw: (failures, asOf) => draw(byCause(failures).map((failure) => row(failure, asOf))) };
}

/**
 * @param {FailureCode} failure
 * @param {Date} asOf
 */
function row({ code, title, cause, last_ten_minutes: recent, last_hour: hour, jobs }, asOf) {
  return [
    h("div", {}, title, h("div", { class: "hint" }, h("code", {}, code))),
    h("span", { class: `badge ${cause === "service" ? "danger" : ""}` }, cause === "service" ? "Service" : "Document"),
    number(recent),
    number(hour),
    h("ul", { class: "jobs" }, ...jobs.map((job) => jobItem(job, asOf))),
  ];
}

/**
 * @param {FailedJob} job
 * @param {Date} asOf
 */
function jobItem({ id, kind, at, worker }, asOf) {
  const host = worker === null ? "" : ` on ${worker.split("@").at(-1)}`;
  return h("li", {}, `${ago(secondsSince(at, asOf))}: ${kind}${host}`, id !== null && h("code", {}, id));
}
