// The workers by host, with the jobs that they run now.

/** @import { RunningJob, WorkerState } from "../services/types.js" */
import { h } from "../lib/dom.js";
import { ago, count, duration, number, secondsSince } from "../lib/format.js";
import { tableSection } from "./data_table.js";
import { emptyState } from "./feedback.js";

const SHOWN_JOBS = 5; // of one worker
const UNKNOWN = "\u2013";

const STATES = {
  running: { text: "Running", kind: "success" },
  lost: { text: "Lost", kind: "danger" },
  stopping: { text: "Stopping", kind: "" },
};

/** @returns {{element: HTMLElement, draw: (workers: WorkerState[], asOf: Date) => void}} */
export function workerTable() {
  const columns = ["Host", "State", "Queues", "Processes", "Running for", "Last heartbeat", "Current jobs"];
  const { element, draw } = tableSection("Workers", columns, emptyState("alert", "No workers", "Jobs are accepted and wait. Start a worker."));
  return { element, draw: (workers, asOf) => draw(workers.map((worker) => row(worker, asOf))) };
}

/**
 * @param {WorkerState} worker
 * @param {Date} asOf
 */
function row(worker, asOf) {
  const state = STATES[worker.state];
  return [
    h("div", {}, worker.host, h("div", { class: "hint" }, worker.name)),
    h(
      "div",
      {},
      h("span", { class: `badge ${state.kind}` }, state.text),
      !worker.sandboxed && h("div", { class: "hint" }, "without sandbox"),
    ),
    worker.queues?.join(", ") ?? UNKNOWN,
    worker.processes === null ? UNKNOWN : number(worker.processes),
    worker.started_at === null ? UNKNOWN : duration(secondsSince(worker.started_at, asOf)),
    worker.last_heartbeat_at === null ? UNKNOWN : ago(secondsSince(worker.last_heartbeat_at, asOf)),
    jobList(worker, asOf),
  ];
}

/**
 * @param {WorkerState} worker
 * @param {Date} asOf
 */
function jobList({ jobs, state }, asOf) {
  if (!jobs.length) return state === "lost" ? UNKNOWN : "Idle";
  const more = jobs.length - SHOWN_JOBS;
  return h(
    "ul",
    { class: "jobs" },
    ...jobs.slice(0, SHOWN_JOBS).map((job) => jobItem(job, asOf)),
    more > 0 && h("li", {}, `and ${count(more, "other job")}`),
  );
}

/**
 * @param {RunningJob} job
 * @param {Date} asOf
 */
function jobItem({ id, kind, attempt, started_at: started }, asOf) {
  const again = attempt > 1 ? `, attempt ${attempt}` : "";
  return h("li", {}, `${kind} for ${duration(secondsSince(started, asOf))}${again}`, id !== null && h("code", {}, id));
}
