// A table of many rows of one height: only the rows in view are in the page.

import { fill, h } from "../lib/dom.js";

const OVERSCAN = 20; // rows above and below the view
const FIRST_GUESS = 72; // pixels of a row, until one is measured

/**
 * @template Item
 * @typedef {object} VirtualTable
 * @property {HTMLElement} element
 * @property {(items: Item[]) => void} show
 * @property {(index: number) => void} scrollTo
 */

/**
 * @template Item
 * @param {object} options
 * @param {string} options.label
 * @param {string[]} options.columns
 * @param {(item: Item) => HTMLTableRowElement} options.row returns the same element as long as the item has not changed
 * @returns {VirtualTable<Item>}
 */
export function virtualTable({ label, columns, row }) {
  /** @type {Item[]} */
  let items = [];
  let rowHeight = FIRST_GUESS;
  const body = h("tbody", {});
  const table = h(
    "table",
    { class: "virtual" },
    h("caption", { class: "hidden" }, label),
    h("thead", {}, h("tr", { "aria-rowindex": 1 }, ...columns.map((name) => h("th", { scope: "col" }, name)))),
    body,
  );
  const space = h("div", { class: "virtual-space" }, table);
  const view = h("div", { class: "virtual-view", tabindex: 0, role: "region", "aria-label": label }, space);

  function draw() {
    const visible = Math.ceil(view.clientHeight / rowHeight) || OVERSCAN;
    const last = Math.max(0, items.length - visible);
    const first = Math.max(0, Math.min(Math.floor(view.scrollTop / rowHeight), last) - OVERSCAN);
    const rows = items.slice(first, first + visible + 2 * OVERSCAN).map((item, at) => {
      const element = row(item);
      element.setAttribute("aria-rowindex", String(first + at + 2));
      return element;
    });
    const same = rows.length === body.children.length && rows.every((one, at) => one === body.children[at]);
    if (!same) fill(body, ...rows); // keeps the focus inside a row
    table.setAttribute("aria-rowcount", String(items.length + 1));
    table.style.top = `${first * rowHeight}px`;
    space.style.height = `${items.length * rowHeight + (table.tHead?.offsetHeight ?? 0)}px`;
    const measured = body.firstElementChild?.getBoundingClientRect().height ?? 0;
    if (measured && Math.abs(measured - rowHeight) > 0.5) {
      rowHeight = measured;
      draw();
    }
  }

  let due = false;
  const later = () => {
    if (!due) requestAnimationFrame(() => ((due = false), draw()));
    due = true;
  };
  view.addEventListener("scroll", later, { passive: true });
  new ResizeObserver(later).observe(view);
  return {
    element: view,
    show(next) {
      items = next;
      draw();
    },
    scrollTo(index) {
      view.scrollTop = Math.max(0, index * rowHeight - view.clientHeight / 3);
      draw();
    },
  };
}
