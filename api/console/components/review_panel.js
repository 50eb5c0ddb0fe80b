// Review of one document after the other: the page next to the reason.

/** @import { Row } from "../services/batch_rows.js" */
/** @import { BatchUpload } from "../services/batch_upload.js" */
import { fill, h } from "../lib/dom.js";
import { STATUS, canRetry, isFailure } from "../lib/work_list.js";
import { portraitOf } from "../services/portraits.js";
import { button } from "./button.js";
import { notice, uploadedImage } from "./feedback.js";

/**
 * @param {BatchUpload} upload
 * @param {(row: Row) => void} onShow called when another row is reviewed
 * @returns {{element: HTMLElement, open: (row: Row, rows: Row[]) => void, draw: () => void}}
 */
export function reviewPanel(upload, onShow) {
  const element = h("section", { class: "card review", "aria-label": "Review", hidden: true, tabindex: -1 });
  /** @type {Row[]} */
  let rows = [];
  let index = 0;
  let shown = "";

  const step = (/** @type {number} */ by) => {
    index = Math.min(Math.max(index + by, 0), rows.length - 1);
    draw();
    const row = rows[index];
    if (row) onShow(row);
  };
  const close = () => {
    element.hidden = true;
    fill(element); // its buttons have shortcuts
    rows = [];
  };

  function draw() {
    const row = rows[index];
    if (!row) return;
    const state = JSON.stringify([index, row.reference, row.state, row.reason, row.handled]);
    if (state === shown) return; // keeps the focus on a button
    const focused = /** @type {HTMLElement | null} */ (element.contains(document.activeElement) ? document.activeElement : null)?.dataset.key;
    shown = state;
    const retry = () => upload.retry(row);
    const handle = () => {
      upload.setHandled(row, !row.handled);
      draw();
    };
    const page = row.file && uploadedImage(row.file);
    fill(
      element,
      h(
        "div",
        { class: "toolbar" },
        h("h2", {}, h("span", { role: "status" }, `${index + 1} of ${rows.length}: ${row.reference}`)),
        h(
          "div",
          { class: "actions" },
          button("Previous", () => step(-1), { "data-key": "previous", disabled: index === 0 }),
          button("Next", () => step(1), { "data-key": "next", disabled: index === rows.length - 1 }),
          button("Close", close, { "data-key": "close" }),
        ),
      ),
      h(
        "div",
        { class: "columns" },
        h("div", {}, page ?? portrait(row) ?? missingPage(row)),
        h(
          "div",
          {},
          h("p", {}, h("strong", {}, row.verdict ? "Compared" : STATUS[row.state]), row.handled && h("span", { class: "badge" }, "Handled")),
          (row.reason || row.verdict) && h("p", {}, row.reason || row.verdict, row.code && h("code", {}, ` ${row.code}`)),
          ...row.warnings.map((text) => notice(text)),
          page && portrait(row),
          h(
            "p",
            { class: "actions" },
            button(row.handled ? "Mark as not handled" : "Mark as handled", handle, {
              "data-key": "handled",
              class: isFailure(row) && !row.handled ? "primary" : "",
            }),
            canRetry(row) && button("Retry", retry, { "data-key": "retry" }),
          ),
          canRetry(row) && h("p", { class: "hint" }, "Retry sends the same file again."),
          row.handled && h("p", { class: "hint" }, "The mark is kept in this tab only, until you close it."),
        ),
      ),
    );
    const again = focused && /** @type {HTMLElement | null} */ (element.querySelector(`[data-key=${focused}]:enabled`));
    if (again) again.focus();
    else if (focused) element.focus();
  }

  return {
    element,
    draw,
    open(row, all) {
      rows = [...all];
      index = Math.max(0, rows.indexOf(row));
      shown = "";
      element.hidden = false;
      draw();
      element.focus();
    },
  };
}

/**
 * @param {Row} row
 * @returns {HTMLElement} why its page is not shown
 */
function missingPage(row) {
  const hint = row.file ? "The browser cannot show this kind of file here. Open it from your computer." : "To see the page here, choose the file again.";
  return h("p", { class: "hint" }, hint);
}

/**
 * @param {Row} row
 * @returns {HTMLElement | null} null if it has none
 */
function portrait(row) {
  if (!row.hasPortrait || !row.job) return null;
  const image = h("img", { alt: `Portrait of ${row.reference}` });
  void portraitOf(row.job).then((url) => url && (image.src = url));
  return h("p", { class: "uploaded" }, image);
}
