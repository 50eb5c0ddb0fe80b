// How the service is doing: now, and over the last hour.

/** @import { History, Load, LoadPoint } from "../services/types.js" */
import { Problem, ask } from "../services/api.js";
import { chart } from "../components/chart.js";
import { fill, h } from "../lib/dom.js";
import { failure } from "../components/elements.js";
import { clock, duration, number } from "../lib/format.js";

const LOOK_EVERY = 5000; // milliseconds

/**
 * @param {AbortSignal} left fires when the screen is left
 * @returns {HTMLElement}
 */
export function operationsScreen(left) {
  const content = h("div", {}, h("p", { class: "busy" }, "Asking..."));
  const look = async () => {
    try {
      /** @type {[Load, History]} */
      const [load, history] = await Promise.all([ask("stats", { signal: left }), ask("stats/history", { signal: left })]);
      if (!left.aborted) show(content, load, history.points);
    } catch (error) {
      if (left.aborted) return;
      fill(content, failure(error));
      if (error instanceof Problem && !error.passes) return; // it would be asked for a key again and again
    }
    if (!left.aborted) setTimeout(() => void look(), LOOK_EVERY);
  };
  void look();
  return h("div", {}, h("h1", {}, "Operations"), content);
}

/**
 * @param {HTMLElement} content
 * @param {Load} load
 * @param {LoadPoint[]} points
 */
function show(content, load, points) {
  const opened = content.querySelector("details")?.open ?? false;
  fill(content, state(load), h("div", { class: "charts" }, ...charts(load, points)), table(points, opened));
}

/**
 * @param {Load} load
 * @returns {HTMLElement}
 */
function state(load) {
  if (load.workers === 0) return h("p", { class: "problem", role: "status" }, "No worker consumes: jobs are accepted and wait. Start workers.");
  const oldest = Math.max(...Object.values(load.queues).map((queue) => queue.oldest_seconds));
  const words = oldest > 0 ? `the job that has waited longest, for ${duration(oldest)}` : "nobody waits";
  return h("p", { class: "good", role: "status" }, `The service works: ${words}; ${number(load.running)} running.`);
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
    chart({ title: "Jobs that wait", now: queues.join(", "), series: { Bulk: waiting("bulk"), interactive: waiting("interactive") }, words: number }),
    chart({ title: "Workers", now: number(load.workers), series: { Workers: points.map((point) => point.workers) }, words: number }),
    chart({ title: "Ended a minute", now: number(load.ended_last_minute), series: { Ended: points.map((point) => point.ended) }, words: number }),
    chart({ title: "Mean wait", now: duration(load.mean_wait_seconds), series: { Wait: points.map((point) => point.mean_wait_seconds) }, words: duration }),
    chart({ title: "Failures", now: failing === null ? "none ended" : percent(failing), series: { Failures: points.map(rate) }, words: percent }),
  ];
}

/**
 * @param {LoadPoint[]} points
 * @param {boolean} opened
 * @returns {HTMLElement}
 */
function table(points, opened) {
  const names = ["Minute", "Waiting", "Running", "Workers", "Ended", "Failed", "Mean wait"];
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
    h("summary", {}, "The last hour in figures"),
    h(
      "div",
      { class: "wide", tabindex: 0, role: "region", "aria-label": "The last hour in figures" },
      h(
        "table",
        { class: "figures" },
        h("thead", {}, h("tr", {}, ...names.map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((cell) => h("td", {}, cell))))),
      ),
    ),
  );
}
