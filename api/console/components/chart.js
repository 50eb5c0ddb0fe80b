// A small chart of the last hour, with the figures for who cannot see it.

import { h, s } from "../lib/dom.js";

const WIDTH = 300;
const HEIGHT = 80;

/** @typedef {(number | null)[]} Series one value a minute, oldest first; null where nobody looked */

/**
 * @param {object} options
 * @param {string} options.title
 * @param {string} options.now the value now, in words
 * @param {Record<string, Series>} options.series by name; the first is drawn strongest
 * @param {(value: number) => string} options.words
 * @returns {HTMLElement}
 */
export function chart({ title, now, series, words }) {
  const values = Object.values(series).flat().filter((value) => value !== null);
  const top = Math.max(...values, 0);
  const names = Object.keys(series);
  const said = `${title}: now ${now}, at most ${words(top)} in the last hour`;
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", {}, h("span", {}, title), h("strong", {}, now)),
    s(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": said, preserveAspectRatio: "none" },
      ...Object.values(series).map((line, at) => s("path", { class: `line${at}`, d: path(line, top || 1) })),
    ),
    h("p", { class: "hint" }, names.length > 1 && `${names.join(" and ")}; `, `at most ${words(top)}`),
  );
}

/**
 * @param {Series} series
 * @param {number} top
 * @returns {string} of an SVG path, broken where nobody looked
 */
function path(series, top) {
  const x = (/** @type {number} */ at) => (at / Math.max(series.length - 1, 1)) * WIDTH;
  const y = (/** @type {number} */ value) => HEIGHT - 2 - (value / top) * (HEIGHT - 4);
  let before = null;
  let drawn = "";
  for (const [at, value] of series.entries()) {
    if (value !== null) drawn += `${before === null ? "M" : "L"}${x(at).toFixed(1)} ${y(value).toFixed(1)} `;
    before = value;
  }
  return drawn;
}
