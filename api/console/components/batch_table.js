// The table of a batch: fifty rows at a time, each changed only where it changed.

/** @import { Intake, Row, State } from "../services/batch_upload.js" */
import { fill, h } from "../lib/dom.js";
import { button } from "./elements.js";
import { count, number } from "../lib/format.js";

const A_PAGE = 50;

/** @type {Record<State, string>} */
const STATES = {
  waiting: "Waits to be sent",
  sending: "Is being sent",
  queued: "In the queue",
  succeeded: "Portrait found",
  failed: "Failed",
  cancelled: "Cancelled",
  unsent: "Not accepted",
};

/** @type {Record<string, State[] | null>} */
const FILTERS = {
  "All": null,
  "Failures": ["failed", "unsent", "cancelled"],
  "With warnings": ["succeeded"],
  "Still open": ["waiting", "sending", "queued"],
};

/**
 * @param {Intake} intake
 * @returns {{element: HTMLElement, draw: () => void}}
 */
export function rowTable(intake) {
  const state = { filter: "All", page: 0 };
  const body = h("tbody", {});
  const where = h("span", { role: "status" });
  /** @type {Map<Row, {element: HTMLTableRowElement, shown: string}>} */
  const drawn = new Map();
  const turn = (/** @type {number} */ by) => {
    state.page += by;
    draw();
  };
  const before = button("Previous rows", () => turn(-1));
  const after = button("Next rows", () => turn(1));
  const onchange = (/** @type {Event} */ event) => {
    Object.assign(state, { filter: /** @type {HTMLSelectElement} */ (event.currentTarget).value, page: 0 });
    draw();
  };
  const filter = h("select", { onchange }, ...Object.keys(FILTERS).map((name) => h("option", {}, name)));

  function draw() {
    const rows = [...intake.rows.values()].filter((row) => passes(row, state.filter));
    const pages = Math.max(1, Math.ceil(rows.length / A_PAGE));
    state.page = Math.min(Math.max(state.page, 0), pages - 1);
    const shown = rows.slice(state.page * A_PAGE, (state.page + 1) * A_PAGE);
    const elements = shown.map((row) => element(row));
    const same = elements.length === body.children.length && elements.every((one, at) => one === body.children[at]);
    if (!same) fill(body, ...elements); // a focus inside a row survives
    where.textContent = `${count(rows.length, "document")}, page ${state.page + 1} of ${pages}`;
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
    fill(made, ...cells(row, () => intake.retry(row)));
    drawn.set(row, { element: made, shown });
    return made;
  }

  return {
    draw,
    element: h(
      "div",
      {},
      h("p", { class: "actions" }, h("label", {}, "Show ", filter), before, where, after),
      h(
        "table",
        {},
        h("caption", { class: "hidden" }, "Documents of the batch"),
        h("thead", {}, h("tr", {}, ...["Portrait", "File", "State", "Score", "Remarks"].map((name) => h("th", { scope: "col" }, name)))),
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
function passes(row, filter) {
  const states = FILTERS[filter];
  return !states || (states.includes(row.state) && (filter !== "With warnings" || row.warnings.length > 0));
}

/**
 * @param {Row} row
 * @param {() => void} onretry
 * @returns {HTMLElement[]}
 */
function cells(row, onretry) {
  const again = ["failed", "unsent", "cancelled"].includes(row.state) && row.file !== null;
  const remarks = [row.reason || row.verdict, ...row.warnings].filter(Boolean);
  return [
    h("td", {}, row.picture && h("img", { src: row.picture, alt: "", loading: "lazy" })),
    h("th", { scope: "row" }, row.reference),
    h("td", {}, row.verdict ? "Compared" : STATES[row.state]),
    h("td", {}, row.score !== null && number(row.score)),
    h(
      "td",
      {},
      ...remarks.map((text) => h("p", {}, text)),
      again && button("Try again", onretry, { "aria-label": `Try ${row.reference} again` }),
    ),
  ];
}
