// The work list of a batch: filters, sorting, search, and the table.

/** @import { Row } from "../services/batch_rows.js" */
/** @import { BatchUpload } from "../services/batch_upload.js" */
/** @import { Selection } from "../lib/work_list.js" */
import { fill, h } from "../lib/dom.js";
import { count, number } from "../lib/format.js";
import { ANY_REASON, ORDERS, OUTCOMES, STATUS, UNSORTED, canRetry, reasonLabel, reasonsIn, selectRows } from "../lib/work_list.js";
import { portraitOf } from "../services/portraits.js";
import { button } from "./button.js";
import { emptyState } from "./feedback.js";
import { virtualTable } from "./virtual_table.js";

const KEPT_ROWS = 200; // elements; more than are in view
const COLUMNS = ["Portrait", "File", "Status", "Score", "Details"];

/**
 * @param {BatchUpload} upload
 * @param {(row: Row, rows: Row[]) => void} onReview called with the row to review and all rows of the selection
 * @returns {{element: HTMLElement, draw: () => void, select: (outcome: string) => Row[], scrollTo: (row: Row) => void}}
 */
export function batchTable(upload, onReview) {
  /** @type {Selection} */
  const selection = { outcome: "All", reason: ANY_REASON, order: UNSORTED, search: "" };
  /** @type {Row[]} */
  let rows = [];
  /** @type {Map<Row, {element: HTMLTableRowElement, shown: string}>} least recently shown first */
  const drawn = new Map();
  const total = h("span", { role: "status", class: "hint" });
  const clear = button("Show all documents", () => {
    choose("All");
    draw();
  });
  const none = h(
    "div",
    {},
    emptyState("batch", "No documents match", "Change the filters or the search."),
    h("p", { class: "actions" }, clear),
  );
  const table = virtualTable({ label: "Documents of the batch", columns: COLUMNS, row: rowElement });

  const set = (/** @type {keyof Selection} */ name) => (/** @type {Event} */ event) => {
    selection[name] = /** @type {HTMLInputElement | HTMLSelectElement} */ (event.currentTarget).value;
    draw();
  };
  const options = (/** @type {string[]} */ names) => names.map((name) => h("option", {}, name));
  const outcome = h("select", { onchange: set("outcome") }, ...options(Object.keys(OUTCOMES)));
  const reason = h("select", { onchange: set("reason") }, ...options([ANY_REASON]));
  const order = h("select", { onchange: set("order") }, ...options(Object.keys(ORDERS)));
  const search = h("input", { type: "search", oninput: set("search"), autocomplete: "off", spellcheck: "false" });
  let reasons = "";

  function draw() {
    const known = reasonsIn(upload.rows.values());
    if (known.join() !== reasons) {
      reasons = known.join();
      fill(reason, h("option", {}, ANY_REASON), ...known.map((code) => h("option", { value: code }, reasonLabel(code))));
      reason.value = selection.reason;
    }
    rows = selectRows(upload.rows.values(), selection);
    total.textContent = count(rows.length, "document");
    table.show(rows);
    table.element.hidden = rows.length === 0;
    none.hidden = rows.length > 0;
    clear.hidden = selection.outcome === "All" && selection.reason === ANY_REASON;
  }

  /** @param {string} name of an outcome; the documents of all reasons are shown */
  function choose(name) {
    Object.assign(selection, { outcome: name, reason: ANY_REASON });
    outcome.value = name;
    reason.value = ANY_REASON;
  }

  /** @param {Row} row */
  function rowElement(row) {
    const shown = JSON.stringify([row.state, row.job, row.reason, row.file !== null, row.handled]);
    const known = drawn.get(row);
    const element = known?.element ?? h("tr", {});
    if (known?.shown !== shown) {
      element.className = row.state;
      fill(element, ...cells(row, () => upload.retry(row), () => onReview(row, rows)));
    }
    drawn.delete(row);
    drawn.set(row, { element, shown });
    for (const oldest of drawn.keys()) {
      if (drawn.size <= KEPT_ROWS) break;
      drawn.delete(oldest); // and the portrait in it
    }
    return element;
  }

  return {
    draw,
    select(name) {
      choose(name);
      selection.search = "";
      search.value = "";
      draw();
      return rows;
    },
    scrollTo(row) {
      const index = rows.indexOf(row);
      if (index >= 0) table.scrollTo(index);
    },
    element: h(
      "div",
      {},
      h(
        "div",
        { class: "filters" },
        h("label", {}, "Show ", outcome),
        h("label", {}, "Reason ", reason),
        h("label", {}, "Sort by ", order),
        h("label", {}, "Search ", search),
        total,
      ),
      table.element,
      none,
    ),
  };
}

/**
 * @param {Row} row
 * @param {() => void} onRetry
 * @param {() => void} onReview
 * @returns {HTMLElement[]}
 */
function cells(row, onRetry, onReview) {
  const details = [row.reason || row.verdict, ...row.warnings].filter(Boolean).join(" ");
  return [
    h("td", {}, row.hasPortrait && row.job && lazyPortrait(row.job)),
    h("th", { scope: "row" }, button(row.reference, onReview, { class: "link clamp", title: row.reference })),
    h("td", {}, row.verdict ? "Compared" : STATUS[row.state], row.handled && h("span", { class: "badge" }, "Handled")),
    h("td", {}, row.score !== null && number(row.score)),
    h(
      "td",
      {},
      h("span", { class: "clamp", title: details }, details),
      canRetry(row) && button("Retry", onRetry, { class: "link", "aria-label": `Retry ${row.reference}` }),
    ),
  ];
}

/**
 * @param {string} job
 * @returns {HTMLImageElement} filled when the portrait has loaded
 */
function lazyPortrait(job) {
  const image = h("img", { alt: "" });
  void portraitOf(job).then((url) => url && (image.src = url));
  return image;
}
