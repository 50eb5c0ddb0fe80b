// A line chart of the last hour: axes with units, values on hover, and a text alternative.

import { fill, h, s } from "../lib/dom.js";
import { clock } from "../lib/format.js";

const WIDTH = 340;
const HEIGHT = 170;
const LEFT = 50;
const RIGHT = 20;
const TOP = 10;
const BOTTOM = 26;
const TIME_LABELS = 4;

/** @typedef {(number | null)[]} Series one value a minute, oldest first; null where none was recorded */

/**
 * @typedef {object} ChartData
 * @property {string} now the current value, formatted
 * @property {Date[]} times when each minute began
 * @property {Record<string, Series>} series by name; the first is the solid line
 */

/**
 * @param {object} options
 * @param {string} options.title
 * @param {string} options.unit of the vertical axis, for example "jobs"
 * @param {number} [options.least] smallest top of the vertical axis
 * @param {(value: number) => string} options.format
 * @returns {{element: HTMLElement, draw: (data: ChartData) => void}}
 */
export function lineChart({ title, unit, least = 2, format }) {
  /** @type {ChartData} */
  let data = { now: "", times: [], series: {} };
  /** @type {number | null} */
  let hovered = null;
  const value = h("strong", {});
  const legend = h("p", { class: "hint legend" });
  const plot = s("g", {});
  const cursor = s("g", { class: "cursor" });
  const svg = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" }, plot, cursor);
  const point = (/** @type {PointerEvent} */ event) => {
    const { left, width } = svg.getBoundingClientRect();
    const share = (((event.clientX - left) / width) * WIDTH - LEFT) / (WIDTH - LEFT - RIGHT);
    const last = data.times.length - 1;
    hovered = last < 0 ? null : Math.round(Math.min(Math.max(share, 0), 1) * last);
    drawCursor();
  };
  svg.addEventListener("pointermove", point);
  svg.addEventListener("pointerdown", point);
  svg.addEventListener("pointerleave", ({ pointerType }) => {
    if (pointerType === "touch") return; // a tap shows the values until the next one
    hovered = null;
    drawCursor();
  });

  const names = () => Object.keys(data.series);
  const peak = () => Math.max(0, ...Object.values(data.series).flat().filter((each) => each !== null));
  const top = () => niceTop(Math.max(peak(), least));
  const x = (/** @type {number} */ index) => LEFT + (index / Math.max(data.times.length - 1, 1)) * (WIDTH - LEFT - RIGHT);
  const y = (/** @type {number} */ each) => HEIGHT - BOTTOM - (each / top()) * (HEIGHT - BOTTOM - TOP);

  function drawCursor() {
    const index = hovered;
    const time = index === null ? undefined : data.times[index];
    if (index === null || !time) {
      fill(cursor);
      fill(legend, ...names().map((name, at) => names().length > 1 && h("span", { class: `key${at}` }, name)), `peak ${format(peak())}`);
      return;
    }
    const values = Object.entries(data.series).map(([name, series]) => ({ name, value: series[index] ?? null }));
    fill(
      cursor,
      s("line", { x1: x(index), x2: x(index), y1: TOP, y2: HEIGHT - BOTTOM }),
      ...values.map((each, at) => (each.value === null ? null : s("circle", { class: `dot${at}`, cx: x(index), cy: y(each.value), r: 4 }))),
    );
    const text = values.map((each) => `${names().length > 1 ? `${each.name} ` : ""}${each.value === null ? "no value" : format(each.value)}`);
    fill(legend, `${clock(time)}: ${text.join(", ")}`);
  }

  return {
    element: h("figure", { class: "card chart" }, h("figcaption", {}, h("span", {}, title), value), svg, legend),
    draw(next) {
      data = next;
      value.textContent = data.now;
      svg.setAttribute("aria-label", `${title}: now ${data.now}, peak ${format(peak())} in the last hour`);
      const lines = [0, top() / 2, top()];
      const last = data.times.length - 1;
      const marks = Array.from({ length: TIME_LABELS + 1 }, (_, at) => Math.round((at / TIME_LABELS) * last));
      fill(
        plot,
        ...lines.map((each) => s("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(each), y2: y(each) })),
        ...lines.map((each) => s("text", { class: "y", x: LEFT - 6, y: y(each) + 4 }, format(each))),
        ...marks.map((index) => {
          const time = data.times[index];
          return time ? s("text", { class: "x", x: x(index), y: HEIGHT - 8 }, clock(time)) : null;
        }),
        s("text", { class: "unit", x: LEFT + 4, y: TOP + 10 }, unit),
        ...Object.values(data.series).flatMap((series, at) => [
          s("path", { class: `line${at}`, d: path(series, x, y) }),
          ...isolated(series).map(({ index, value }) => s("circle", { class: `dot${at}`, cx: x(index), cy: y(value), r: 3 })),
        ]),
      );
      drawCursor();
    },
  };
}

/**
 * @param {Series} series
 * @param {(index: number) => number} x
 * @param {(value: number) => number} y
 * @returns {string} data of an SVG path, interrupted where values are missing
 */
function path(series, x, y) {
  let previous = null;
  let drawn = "";
  for (const [index, value] of series.entries()) {
    if (value !== null) drawn += `${previous === null ? "M" : "L"}${x(index).toFixed(1)} ${y(value).toFixed(1)} `;
    previous = value;
  }
  return drawn;
}

/**
 * Return the values without a neighbour, which a line cannot show.
 *
 * @param {Series} series
 * @returns {{index: number, value: number}[]}
 */
function isolated(series) {
  return series.flatMap((value, index) => {
    const alone = (series[index - 1] ?? null) === null && (series[index + 1] ?? null) === null;
    return value !== null && alone ? [{ index, value }] : [];
  });
}

/**
 * Round up to an even digit or 10 times a power of ten, so that half of it is a short number, too.
 *
 * @param {number} value
 * @returns {number}
 */
function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 4, 6, 8, 10].find((each) => value <= each * power) ?? 10);
}
