// The table of a batch: fifty rows a page; only rows that changed are drawn again.

/** @import { BatchUpload, Row, State } from "../services/batch_upload.js" */
import { fill, h } from "../lib/dom.js";
import { button } from "./button.js";
import { count, number } from "../lib/format.js";

const PAGE_SIZE = 50;

/** @type {Record<State, string>} */
const STATES = {
  waiting: "Waiting to upload",
  sending: "Uploading",
  queued: "Queued",
  succeeded: "Portrait found",
  failed: "Failed",
  cancelled: "Cancelled",
  unsent: "Rejected",
};

/** @type {Record<string, State[] | null>} */
const FILTERS = {
  "All": null,
  "Failures": ["failed", "unsent", "cancelled"],
  "With warnings": ["succeeded"],
  "In progress": ["waiting", "sending", "queued"],
};

/**
 * @param {BatchUpload} upload
 * @returns {{element: HTMLElement, draw: () => void}}
 */
export function batchTable(upload) {
  const state = { filter: "All", page: 0 };
  const body = h("tbody", {});
  const position = h("span", { role: "status" });
  /** @type {Map<Row, {element: HTMLTableRowElement, shown: string}>} */
  const drawn = new Map();
  const turnPage = (/** @type {number} */ by) => {
    state.page += by;
    draw();
  };
  const before = button("Previous rows", () => turnPage(-1));
  const after = button("Next rows", () => turnPage(1));
  const onchange = (/** @type {Event} */ event) => {
    Object.assign(state, { filter: /** @type {HTMLSelectElement} */ (event.currentTarget).value, page: 0 });
    draw();
  };
  const filter = h("select", { onchange }, ...Object.keys(FILTERS).map((name) => h("option", {}, name)));

  function draw() {
    const rows = [...upload.rows.values()].filter((row) => matches(row, state.filter));
    const pages = Math.max(1, Math.ceil(rows.length / PAGE_SIZE));
    state.page = Math.min(Math.max(state.page, 0), pages - 1);
    const shown = rows.slice(state.page * PAGE_SIZE, (state.page + 1) * PAGE_SIZE);
    const elements = shown.map((row) => element(row));
    const same = elements.length === body.children.length && elements.every((one, at) => one === body.children[at]);
    if (!same) fill(body, ...elements); // keeps the focus inside a row
    position.textContent = `${count(rows.length, "document")}, page ${state.page + 1} of ${pages}`;
    before.disabled = state.page === 0;
    after.disabled = state.page === pages - 1;
  }

  /** @param {Row} row */
  function element(row) {
    const shown = JSON.stringify([row.state, row.picture.length, row.reason, row.file !== null]);
    const known = drawn.get(row);
    if (known?.shown === shown) return known.element;
    const made = known?.element ?? h("tr", {});
    made.className = row.state;
    fill(made, ...cells(row, () => upload.retry(row)));
    drawn.set(row, { element: made, shown });
    return made;
  }

  return {
    draw,
    element: h(
      "div",
      {},
      h("p", { class: "actions" }, h("label", {}, "Show ", filter), before, position, after),
      h(
        "table",
        {},
        h("caption", { class: "hidden" }, "Documents of the batch"),
        h("thead", {}, h("tr", {}, ...["Portrait", "File", "Status", "Score", "Details"].map((name) => h("th", { scope: "col" }, name)))),
        body,
      ),
    ),
  };
}

/**
 * @param {Row} row
 * @param {string} filter
 * @returns {boolean}
 */
function matches(row, filter) {
  const states = FILTERS[filter];
  return !states || (states.includes(row.state) && (filter !== "With warnings" || row.warnings.length > 0));
}

/**
 * @param {Row} row
 * @param {() => void} onRetry
 * @returns {HTMLElement[]}
 */
function cells(row, onRetry) {
  const retryable = ["failed", "unsent", "cancelled"].includes(row.state) && row.file !== null;
  const details = [row.reason || row.verdict, ...row.warnings].filter(Boolean);
  return [
    h("td", {}, row.picture && h("img", { src: row.picture, alt: "", loading: "lazy" })),
    h("th", { scope: "row" }, row.reference),
    h("td", {}, row.verdict ? "Compared" : STATES[row.state]),
    h("td", {}, row.score !== null && number(row.score)),
    h(
      "td",
      {},
      ...details.map((text) => h("p", {}, text)),
      retryable && button("Retry", onRetry, { "aria-label": `Retry ${row.reference}` }),
    ),
  ];
}
