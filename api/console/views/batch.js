// Batch screen: uploads many documents, shows their progress and exports the results.

/** @import { DroppedFile } from "../components/drop_area.js" */
/** @import { Row } from "../services/batch_rows.js" */
/** @import { BatchUpload } from "../services/batch_upload.js" */
import { Problem, send } from "../services/api.js";
import { fill, h } from "../lib/dom.js";
import { save } from "../lib/files.js";
import { dropArea } from "../components/drop_area.js";
import { openBatch, openBatchNames } from "../services/batch_upload.js";
import { button } from "../components/button.js";
import { emptyState, failure, loading } from "../components/feedback.js";
import { reviewPanel } from "../components/review_panel.js";
import { batchTable } from "../components/batch_table.js";
import { clock, count, duration, number } from "../lib/format.js";
import { canRetry, isFailure } from "../lib/work_list.js";

const NAME = "[A-Za-z0-9._\\-]{1,64}";
const DRAW_INTERVAL = 250; // milliseconds

/**
 * @param {string} name of the batch; empty for a new one
 * @param {DroppedFile[]} dropped files that were dropped on the document screen
 * @returns {HTMLElement}
 */
export function batchView(name, dropped) {
  const content = h("div", {});
  const input = h("input", { name: "batch", value: name || defaultName(), pattern: NAME, required: true, autocomplete: "off" });
  const open = () => {
    if (!input.reportValidity()) return null;
    history.replaceState(null, "", `#batch/${input.value}`);
    const upload = openBatch(input.value);
    fill(content, workList(upload));
    return upload;
  };
  const onFiles = (/** @type {DroppedFile[]} */ files) => open()?.add(files);
  const onsubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    open()?.start();
  };
  if (dropped.length) onFiles(dropped);
  else if (name) open()?.start();
  return h(
    "div",
    {},
    h("h1", {}, "Batch processing"),
    h("p", { class: "lead" }, "Uploaded documents are processed even after you close this tab. Write down the batch name: it opens the batch again."),
    h("form", { class: "actions toolbar-start", onsubmit }, h("label", {}, "Batch name ", input), h("button", {}, "Open")),
    !name && recentBatches(openBatchNames()),
    dropArea({ subject: "documents or a folder", folder: true, symbol: "folder", onFiles }),
    content,
  );
}

/**
 * @param {string[]} names
 * @returns {HTMLElement | null}
 */
function recentBatches(names) {
  if (!names.length) return null;
  return h("p", { class: "actions" }, "Recent batches:", ...names.map((name) => h("a", { href: `#batch/${name}` }, name)));
}

/**
 * @param {BatchUpload} upload
 * @returns {HTMLElement}
 */
function workList(upload) {
  const review = reviewPanel(upload, (row) => table.scrollTo(row));
  const table = batchTable(upload, review.open);
  const progress = h("progress", { max: 1, value: 0, "aria-label": "Processed documents" });
  const status = h("p", { role: "status" });
  const problem = h("div", {});
  const showProblem = (/** @type {unknown} */ error) => fill(problem, failure(error));
  const exportButton = (/** @type {string} */ label, /** @type {string} */ file) =>
    button(label, () => void download(upload.name, file).catch(showProblem), {}, "download");
  const retry = button("Retry all failures", () => {
    for (const row of upload.rows.values()) if (isRetriedWithAll(row)) upload.retry(row);
  });
  const cancel = button("Cancel queued", () => void upload.cancel().catch(showProblem));
  const reviewFailures = button(
    "Review failures",
    () => {
      const rows = table.select("Failures to handle");
      if (rows[0]) review.open(rows[0], rows);
    },
    { class: "primary" },
  );
  const actions = h(
    "p",
    { class: "actions" },
    reviewFailures,
    exportButton("Download results (CSV)", "results.csv"),
    exportButton("Download portraits (ZIP)", "portraits.zip"),
    retry,
    cancel,
  );
  const content = h("div", {}, h("div", { class: "card" }, status, progress, actions), review.element, table.element);
  let due = false;
  const draw = () => {
    due = false;
    const rows = [...upload.rows.values()];
    const open = upload.open + upload.unsent;
    const all = Math.max(rows.length, upload.count("succeeded", "failed", "cancelled", "unsent") + open);
    progress.max = Math.max(all, 1);
    progress.value = all - open;
    status.textContent = summary(upload, all, open);
    retry.hidden = !rows.some(isRetriedWithAll);
    reviewFailures.hidden = !rows.some((row) => isFailure(row) && !row.handled);
    cancel.hidden = open === 0;
    content.hidden = all === 0;
    if (isNotFound(upload.error)) fill(problem, emptyState("batch", "No batch has this name, or it has expired.", "Add documents to start a new one."));
    else if (upload.error) showProblem(upload.error);
    else fill(problem, all === 0 && loading("Loading the batch..."));
    if (all > 0) table.draw();
    review.draw();
  };
  upload.onchange = () => {
    if (!due) setTimeout(draw, DRAW_INTERVAL);
    due = true;
  };
  draw();
  return h("section", { class: "result", "aria-label": `Batch ${upload.name}` }, problem, content);
}

/**
 * @param {Row} row
 * @returns {boolean} whether "Retry all failures" sends the document again; not if somebody cancelled it
 */
function isRetriedWithAll(row) {
  return canRetry(row) && row.state !== "cancelled";
}

/**
 * @param {BatchUpload} upload
 * @param {number} all
 * @param {number} open
 * @returns {string}
 */
function summary(upload, all, open) {
  const failed = upload.count("failed", "unsent");
  const handled = [...upload.rows.values()].filter((row) => row.handled && (row.state === "failed" || row.state === "unsent")).length;
  const failures = `${number(failed)} failed${handled ? ` (${number(handled)} handled)` : ""}`;
  const parts = [`${number(all - open)} of ${count(all, "document")} processed`, failed && failures];
  const { secondsLeft } = upload;
  if (open > 0) {
    if (upload.batch?.ended_per_second) parts.push(`${number(upload.batch.ended_per_second)} per second`);
    if (secondsLeft !== null) parts.push(`${duration(Math.ceil(secondsLeft))} left, until ${clock(new Date(Date.now() + 1000 * secondsLeft))}`);
  }
  return `${parts.filter(Boolean).join(", ")}.`;
}

/**
 * @param {string} name
 * @param {string} file
 */
async function download(name, file) {
  const response = await send(`batches/${name}/${file}`, { headers: { Accept: "*/*" } });
  save(await response.blob(), `${name}-${file}`);
}

/** @param {unknown} error */
function isNotFound(error) {
  return error instanceof Problem && error.code === "batch_not_found";
}

/** @returns {string} */
function defaultName() {
  return `batch-${new Date().toISOString().slice(0, 16).replaceAll(/[:T]/g, "-")}`;
}
