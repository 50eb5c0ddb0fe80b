// Icons: outlines on a grid of 24, drawn in the colour of the text.

import { s } from "../lib/dom.js";

const PATHS = {
  alert: "M12 8v5M12 16.5v.5M10.3 3.9 2.6 17.2A2 2 0 0 0 4.3 20h15.4a2 2 0 0 0 1.7-2.8L13.7 3.9a2 2 0 0 0-3.4 0Z",
  batch: "M4 7l8-4 8 4-8 4-8-4ZM4 12l8 4 8-4M4 17l8 4 8-4",
  camera: "M4 8h3l2-3h6l2 3h3a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1ZM12 16.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Z",
  chart: "M4 4v16h16M8 16v-4M12 16V8M16 16v-6",
  check: "M5 12.5l4.5 4.5L19 7.5",
  document: "M3 5h18v14H3ZM8.5 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM5.5 16c.5-1.6 1.6-2.4 3-2.4s2.5.8 3 2.4M14.5 9.5H18M14.5 13H18",
  download: "M12 4v11M7.5 10.5 12 15l4.5-4.5M5 20h14",
  folder: "M3 6h6l2 2h10v11H3Z",
  info: "M12 11v6M12 7.5v.5M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z",
  offline: "M3 3l18 18M8.5 16a5 5 0 0 1 7 0M5 12.5a10 10 0 0 1 4-2.4M19 12.5a10 10 0 0 0-5.5-2.9M12 19.5v.1",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4 21c.8-4 4-6 8-6s7.2 2 8 6",
  upload: "M12 16V5M7.5 9.5 12 5l4.5 4.5M5 20h14",
  verify: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c.6-3.5 3-5.5 6.5-5.5 1.5 0 2.8.4 3.8 1.1M14.5 18l2.2 2.2L21.5 15",
};

/** @typedef {keyof typeof PATHS} IconName */

/**
 * Return an icon. It is hidden from screen readers, so the text next to it must say the same.
 *
 * @param {IconName} name
 * @param {string} [size] a class: "" or "large"
 * @returns {SVGSVGElement}
 */
export function icon(name, size = "") {
  return s("svg", { class: `icon ${size}`.trim(), viewBox: "0 0 24 24", "aria-hidden": "true" }, s("path", { d: PATHS[name] }));
}
