// Operations screen: load now and over the last hour, workers, the last failures, and Redis.

/** @import { History, Load, LoadPoint } from "../services/types.js" */
/** @import { ChartData } from "../components/chart.js" */
import { lineChart } from "../components/chart.js";
import { failureTable } from "../components/failure_table.js";
import { failure, loading } from "../components/feedback.js";
import { icon } from "../components/icon.js";
import { redisPanel } from "../components/redis_panel.js";
import { workerTable } from "../components/worker_table.js";
import { fill, h } from "../lib/dom.js";
import { clock, count, duration, number } from "../lib/format.js";
import { Problem, ask } from "../services/api.js";

const POLL_INTERVAL = 5000; // milliseconds
const NO_VALUE = "\u2013";

const percent = (/** @type {number} */ value) => `${number(value)}%`;

/**
 * @param {AbortSignal} left aborted when the screen is left
 * @returns {HTMLElement}
 */
export function operationsView(left) {
  const dashboard = createDashboard();
  const trouble = h("div", {});
  const content = h("div", {}, loading("Loading..."));
  let shown = ""; // the error on the screen, so that it is announced once
  /** @type {Date | null} */
  let drawn = null;
  const poll = async () => {
    try {
      /** @type {[Load, History]} */
      const [load, history] = await Promise.all([ask("stats", { signal: left }), ask("stats/history", { signal: left })]);
      if (left.aborted) return;
      dashboard.draw(load, history.points);
      if (drawn === null) fill(content, dashboard.element);
      drawn = new Date();
      shown = "";
      fill(trouble);
    } catch (error) {
      if (left.aborted) return;
      if (drawn === null) fill(content);
      const message = String(error);
      if (message !== shown) fill(trouble, failure(error), reason(error, drawn));
      dashboard.hideStatus();
      shown = message;
      if (error instanceof Problem && !error.retryable) return; // polling would open the key dialog again and again
    }
    if (!left.aborted) setTimeout(() => void poll(), POLL_INTERVAL);
  };
  void poll();
  return h(
    "div",
    {},
    h("h1", {}, "Operations"),
    h("p", { class: "lead" }, "Load of the service now and in the last hour, workers, failed jobs and Redis. Updated every 5 seconds."),
    trouble,
    content,
  );
}

/**
 * Return a hint about the probable cause of an error, and the age of the values below it.
 *
 * @param {unknown} error
 * @param {Date | null} drawn when the values on the screen were read; null if there are none
 * @returns {HTMLElement}
 */
function reason(error, drawn) {
  const redis = error instanceof Problem && error.status === 503 ? "Redis probably does not respond: check the Redis server. " : "";
  const values = drawn === null ? "" : `The values below are those of ${clock(drawn)}.`;
  return h("p", { class: "hint" }, redis, values);
}

/** @returns {{element: HTMLElement, draw: (load: Load, points: LoadPoint[]) => void, hideStatus: () => void}} */
function createDashboard() {
  const charts = {
    queued: lineChart({ title: "Queued jobs", unit: "jobs", format: number }),
    running: lineChart({ title: "Running jobs", unit: "jobs", format: number }),
    workers: lineChart({ title: "Workers", unit: "workers", format: number }),
    rate: lineChart({ title: "Jobs per minute", unit: "jobs per minute", format: number }),
    wait: lineChart({ title: "Mean wait time", unit: "time", least: 1, format: duration }),
    failures: lineChart({ title: "Failure rate, all causes", unit: "share of jobs", least: 10, format: percent }),
  };
  const redis = redisPanel();
  const workers = workerTable();
  const failures = failureTable();
  const grafana = h("a", { target: "_blank", rel: "noopener" }, "Open the dashboard in Grafana");
  const link = h("p", { class: "hint" }, "For more than an hour: ", grafana);
  const details = h("div", { class: "stack" }, workers.element, failures.element, redis.element);
  const status = h("div", {});
  const figures = h("dl", { class: "card tiles" });
  const table = h("tbody", {});
  return {
    element: h(
      "div",
      { class: "stack" },
      status,
      details, // first what the person on duty asks: which workers run, and what fails
      h("div", { class: "charts" }, ...Object.values(charts).map(({ element }) => element)),
      figures,
      link,
      h("div", { class: "card" }, historyTable(table)),
    ),
    // The last status is not the present one: "running" must not stand next to an error.
    hideStatus: () => fill(status),
    draw(load, points) {
      fill(status, serviceStatus(load));
      fill(figures, ...tiles(load));
      const data = chartData(load, points);
      for (const name of /** @type {(keyof typeof charts)[]} */ (Object.keys(charts))) charts[name].draw(data[name]);
      grafana.href = load.grafana_url ?? "";
      link.hidden = !load.grafana_url;
      details.hidden = load.as_of === undefined; // an API process of an earlier version responds during an upgrade
      if (!details.hidden) {
        const asOf = new Date(load.as_of);
        workers.draw(load.worker_list, asOf);
        failures.draw(load.failures, asOf);
        redis.draw(load.redis, asOf);
      }
      fill(table, ...points.toReversed().map((point) => h("tr", {}, ...historyRow(point).map((cell) => h("td", {}, cell)))));
    },
  };
}

/**
 * @param {Load} load
 * @returns {HTMLElement}
 */
function serviceStatus(load) {
  if (load.workers === 0) {
    const text = "No workers are running: jobs are accepted but not processed. Start a worker.";
    return h("p", { class: "message problem", role: "status" }, icon("alert"), text);
  }
  const oldest = Math.max(...Object.values(load.queues).map((queue) => queue.oldest_seconds));
  const queued = oldest > 0 ? `the oldest queued job has waited ${duration(oldest)}` : "no queued jobs";
  const text = `The service is running: ${queued}, ${load.running ? count(load.running, "job") : "no jobs"} in progress.`;
  return h("p", { class: "message success", role: "status" }, icon("check"), text);
}

/**
 * @param {Load} load
 * @returns {HTMLElement[]}
 */
function tiles(load) {
  const values = {
    "Postponed jobs": load.postponed,
    "Waiting requests": load.requests_waiting,
    "Pending webhooks": load.callbacks_pending,
    "Workers without sandbox": load.workers_unconfined,
    "Limit of open jobs": load.max_open_jobs,
  };
  return Object.entries(values).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, number(value))));
}

/**
 * @param {Load} load
 * @param {LoadPoint[]} points
 * @returns {Record<"queued" | "running" | "workers" | "rate" | "wait" | "failures", ChartData>}
 */
function chartData(load, points) {
  const times = points.map(({ at }) => new Date(at));
  const waiting = (/** @type {string} */ queue) => points.map((point) => point.waiting?.[queue] ?? null);
  const failureRate = (/** @type {LoadPoint} */ { ended, failed }) => (ended ? (100 * failed) / ended : null);
  const last = points.at(-1);
  const failing = last ? failureRate(last) : null;
  const idle = load.mean_wait_seconds === 0; // no job started in the last minute
  const queues = Object.entries(load.queues).map(([name, { waiting: jobs }]) => `${number(jobs)} ${name}`);
  return {
    queued: { now: queues.join(", "), times, series: { Bulk: waiting("bulk"), Interactive: waiting("interactive") } },
    running: { now: number(load.running), times, series: { Running: points.map((point) => point.running) } },
    workers: { now: number(load.workers), times, series: { Workers: points.map((point) => point.workers) } },
    rate: { now: number(load.ended_last_minute), times, series: { Jobs: points.map((point) => point.ended) } },
    wait: { now: idle ? "no jobs" : duration(load.mean_wait_seconds), times, series: { Wait: points.map((point) => point.mean_wait_seconds) } },
    failures: { now: failing === null ? "no jobs" : percent(failing), times, series: { Failures: points.map(failureRate) } },
  };
}

/**
 * @param {HTMLElement} body
 * @returns {HTMLElement}
 */
function historyTable(body) {
  const columns = ["Minute", "Queued", "Running", "Workers", "Finished", "Failed", "Mean wait time"];
  return h(
    "details",
    {},
    h("summary", {}, "Last hour by minute"),
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": "Last hour by minute" },
      h(
        "table",
        { class: "figures" },
        h("thead", {}, h("tr", {}, ...columns.map((name) => h("th", { scope: "col" }, name)))),
        body,
      ),
    ),
  );
}

/**
 * @param {LoadPoint} point
 * @returns {string[]}
 */
function historyRow({ at, waiting, running, workers, ended, failed, mean_wait_seconds: wait }) {
  const known = (/** @type {number | null | undefined} */ value) => (value === null || value === undefined ? NO_VALUE : number(value));
  const queued = waiting ? Object.values(waiting).reduce((sum, jobs) => sum + jobs, 0) : null;
  return [clock(new Date(at)), known(queued), known(running), known(workers), known(ended), known(failed), wait === null ? NO_VALUE : duration(wait)];
}
