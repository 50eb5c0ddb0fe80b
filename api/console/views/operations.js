// Operations screen: load now and over the last hour.

/** @import { History, Load, LoadPoint } from "../services/types.js" */
import { Problem, ask } from "../services/api.js";
import { chart } from "../components/chart.js";
import { fill, h } from "../lib/dom.js";
import { failure, loading } from "../components/feedback.js";
import { icon } from "../components/icon.js";
import { clock, count, duration, number } from "../lib/format.js";

const POLL_INTERVAL = 5000; // milliseconds

/**
 * @param {AbortSignal} left aborted when the screen is left
 * @returns {HTMLElement}
 */
export function operationsView(left) {
  const content = h("div", {}, loading("Loading..."));
  const poll = async () => {
    try {
      /** @type {[Load, History]} */
      const [load, history] = await Promise.all([ask("stats", { signal: left }), ask("stats/history", { signal: left })]);
      if (!left.aborted) draw(content, load, history.points);
    } catch (error) {
      if (left.aborted) return;
      fill(content, failure(error));
      if (error instanceof Problem && !error.retryable) return; // polling would open the key dialog again and again
    }
    if (!left.aborted) setTimeout(() => void poll(), POLL_INTERVAL);
  };
  void poll();
  return h("div", {}, h("h1", {}, "Operations"), content);
}

/**
 * @param {HTMLElement} content
 * @param {Load} load
 * @param {LoadPoint[]} points
 */
function draw(content, load, points) {
  const opened = content.querySelector("details")?.open ?? false;
  fill(content, state(load), h("div", { class: "charts" }, ...charts(load, points)), table(points, opened));
}

/**
 * @param {Load} load
 * @returns {HTMLElement}
 */
function state(load) {
  if (load.workers === 0) return h("p", { class: "message problem", role: "status" }, icon("alert"), "No workers are running: jobs are accepted but not processed. Start a worker.");
  const oldest = Math.max(...Object.values(load.queues).map((queue) => queue.oldest_seconds));
  const queued = oldest > 0 ? `the oldest queued job has waited ${duration(oldest)}` : "no queued jobs";
  return h("p", { class: "message success", role: "status" }, icon("check"), `The service is running: ${queued}, ${count(load.running, "job")} in progress.`);
}

/**
 * @param {Load} load
 * @param {LoadPoint[]} points
 * @returns {HTMLElement[]}
 */
function charts(load, points) {
  const waiting = (/** @type {string} */ queue) => points.map((point) => point.waiting?.[queue] ?? null);
  const rate = (/** @type {LoadPoint} */ { ended, failed }) => (ended ? (100 * failed) / ended : null);
  const last = points.at(-1);
  const failing = last ? rate(last) : null;
  const percent = (/** @type {number} */ value) => `${number(value)}%`;
  const queues = Object.entries(load.queues).map(([name, { waiting: jobs }]) => `${number(jobs)} ${name}`);
  return [
    chart({ title: "Queued jobs", now: queues.join(", "), series: { Bulk: waiting("bulk"), interactive: waiting("interactive") }, format: number }),
    chart({ title: "Workers", now: number(load.workers), series: { Workers: points.map((point) => point.workers) }, format: number }),
    chart({ title: "Jobs per minute", now: number(load.ended_last_minute), series: { Jobs: points.map((point) => point.ended) }, format: number }),
    chart({ title: "Mean wait time", now: duration(load.mean_wait_seconds), series: { Wait: points.map((point) => point.mean_wait_seconds) }, format: duration }),
    chart({ title: "Failure rate", now: failing === null ? "no jobs" : percent(failing), series: { Failures: points.map(rate) }, format: percent }),
  ];
}

/**
 * @param {LoadPoint[]} points
 * @param {boolean} opened
 * @returns {HTMLElement}
 */
function table(points, opened) {
  const names = ["Minute", "Queued", "Running", "Workers", "Finished", "Failed", "Mean wait time"];
  const known = (/** @type {number | null | undefined} */ value) => (value === null || value === undefined ? "\u2013" : number(value));
  const rows = points.toReversed().map((point) => [
    clock(new Date(point.at)),
    known(point.waiting && Object.values(point.waiting).reduce((sum, jobs) => sum + jobs, 0)),
    known(point.running),
    known(point.workers),
    known(point.ended),
    known(point.failed),
    point.mean_wait_seconds === null ? "\u2013" : duration(point.mean_wait_seconds),
  ]);
  return h(
    "details",
    { open: opened },
    h("summary", {}, "Last hour by minute"),
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": "Last hour by minute" },
      h(
        "table",
        { class: "figures" },
        h("thead", {}, h("tr", {}, ...names.map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((cell) => h("td", {}, cell))))),
      ),
    ),
  );
}
