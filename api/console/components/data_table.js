// A table that is drawn again with each poll. On a phone each row becomes a block with the names of the columns.

/** @import { Child } from "../lib/dom.js" */
import { fill, h } from "../lib/dom.js";

/**
 * Return a section with a table, or with something else while there are no rows.
 *
 * @param {string} title
 * @param {string[]} columns the first names the rows
 * @param {HTMLElement} none shown while there are no rows
 * @param {Child} [note] about the table
 * @returns {{element: HTMLElement, draw: (rows: Child[][]) => void}}
 */
export function tableSection(title, columns, none, note) {
  const table = dataTable(title, columns);
  const some = h("div", {}, note, table.element);
  return {
    element: h("section", { class: "card" }, h("h2", {}, title), some, none),
    draw(rows) {
      table.draw(rows);
      some.hidden = rows.length === 0;
      none.hidden = rows.length > 0;
    },
  };
}

/**
 * @param {string} label name of the table for screen readers
 * @param {string[]} columns the first names the rows
 * @returns {{element: HTMLTableElement, draw: (rows: Child[][]) => void}}
 */
function dataTable(label, columns) {
  const body = h("tbody", {});
  const head = h("thead", {}, h("tr", {}, ...columns.map((name) => h("th", { scope: "col" }, name))));
  return {
    element: h("table", { class: "data", "aria-label": label }, head, body),
    draw(rows) {
      if (hasSelection(body)) return; // new rows would remove what a person is about to copy
      fill(body, ...rows.map((cells) => h("tr", {}, ...cells.map((cell, at) => dataCell(cell, at, columns[at])))));
    },
  };
}

/**
 * @param {Child} content
 * @param {number} at position in the row
 * @param {string} [column]
 * @returns {HTMLTableCellElement}
 */
function dataCell(content, at, column = "") {
  return at === 0 ? h("th", { scope: "row" }, content) : h("td", { "data-column": column }, h("div", {}, content));
}

/**
 * @param {Element} element
 * @returns {boolean}
 */
function hasSelection(element) {
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed && element.contains(selection.anchorNode);
}
