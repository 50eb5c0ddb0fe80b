// A line chart of the last hour, with a text alternative.

import { h, s } from "../lib/dom.js";

const WIDTH = 300;
const HEIGHT = 80;

/** @typedef {(number | null)[]} Series one value a minute, oldest first; null where none was recorded */

/**
 * @param {object} options
 * @param {string} options.title
 * @param {string} options.now the current value, formatted
 * @param {Record<string, Series>} options.series by name; the first is the solid line
 * @param {(value: number) => string} options.format
 * @returns {HTMLElement}
 */
export function chart({ title, now, series, format }) {
  const values = Object.values(series).flat().filter((value) => value !== null);
  const top = Math.max(...values, 0);
  const names = Object.keys(series);
  const description = `${title}: now ${now}, peak ${format(top)} in the last hour`;
  return h(
    "figure",
    { class: "card chart" },
    h("figcaption", {}, h("span", {}, title), h("strong", {}, now)),
    s(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": description, preserveAspectRatio: "none" },
      ...Object.values(series).map((line, at) => s("path", { class: `line${at}`, d: path(line, top || 1) })),
    ),
    h("p", { class: "hint" }, names.length > 1 && `${names.join(" and ")}; `, `peak ${format(top)}`),
  );
}

/**
 * @param {Series} series
 * @param {number} top
 * @returns {string} data of an SVG path, interrupted where values are missing
 */
function path(series, top) {
  const x = (/** @type {number} */ at) => (at / Math.max(series.length - 1, 1)) * WIDTH;
  const y = (/** @type {number} */ value) => HEIGHT - 2 - (value / top) * (HEIGHT - 4);
  let previous = null;
  let drawn = "";
  for (const [at, value] of series.entries()) {
    if (value !== null) drawn += `${previous === null ? "M" : "L"}${x(at).toFixed(1)} ${y(value).toFixed(1)} `;
    previous = value;
  }
  return drawn;
}
