// Many documents: sent in the background, followed, exported.

/** @import { Found } from "../components/drop_area.js" */
/** @import { Intake } from "../services/batch_upload.js" */
import { Problem, send } from "../services/api.js";
import { fill, h, save } from "../lib/dom.js";
import { dropArea } from "../components/drop_area.js";
import { intakeOf, openedBatches } from "../services/batch_upload.js";
import { button, failure } from "../components/elements.js";
import { rowTable } from "../components/batch_table.js";
import { clock, count, duration, number } from "../lib/format.js";

const NAME = "[A-Za-z0-9._\\-]{1,64}";
const DRAW_EVERY = 250; // milliseconds

/**
 * @param {string} name of the batch to open; empty for a new one
 * @param {Found[]} found files that were dropped elsewhere
 * @returns {HTMLElement}
 */
export function batchScreen(name, found) {
  const content = h("div", {});
  const input = h("input", { name: "batch", value: name || proposal(), pattern: NAME, required: true, autocomplete: "off" });
  const open = () => {
    if (!input.reportValidity()) return null;
    history.replaceState(null, "", `#batch/${input.value}`);
    const intake = intakeOf(input.value);
    fill(content, batchView(intake));
    return intake;
  };
  const onfound = (/** @type {Found[]} */ files) => open()?.add(files);
  const onsubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    open()?.go();
  };
  if (found.length) onfound(found);
  else if (name) open()?.go();
  return h(
    "div",
    {},
    h("h1", {}, "Many documents"),
    h("form", { class: "actions", onsubmit }, h("label", {}, "Batch ", input), h("button", {}, "Open")),
    h("p", { class: "hint" }, "What was sent goes on when this tab is closed; open the batch again by its name."),
    !name && opened(openedBatches()),
    dropArea({ label: "Drop documents or a whole folder here", folder: true, onfound }),
    content,
  );
}

/**
 * @param {string[]} names
 * @returns {HTMLElement | null}
 */
function opened(names) {
  if (!names.length) return null;
  return h("p", { class: "actions" }, "Opened in this tab:", ...names.map((name) => h("a", { href: `#batch/${name}` }, name)));
}

/**
 * @param {Intake} intake
 * @returns {HTMLElement}
 */
function batchView(intake) {
  const table = rowTable(intake);
  const progress = h("progress", { max: 1, value: 0, "aria-label": "Documents that have ended" });
  const said = h("p", { role: "status" });
  const problem = h("div", {});
  const retry = button("Try all failures again", () => {
    for (const row of intake.rows.values()) if (row.state === "failed" || row.state === "unsent") if (row.file) intake.retry(row);
  });
  const cancel = button("Cancel what waits", () => void intake.cancel().catch((error) => fill(problem, failure(error))));
  const download = (/** @type {string} */ label, /** @type {string} */ file) =>
    button(label, () => void exported(intake.name, file).catch((error) => fill(problem, failure(error))));
  let due = false;
  const draw = () => {
    due = false;
    const open = intake.open + intake.unsent;
    const all = Math.max(intake.rows.size, intake.count("succeeded", "failed", "cancelled", "unsent") + open);
    progress.max = Math.max(all, 1);
    progress.value = all - open;
    said.textContent = summary(intake, all, open);
    retry.hidden = ![...intake.rows.values()].some(({ state, file }) => (state === "failed" || state === "unsent") && file);
    cancel.hidden = open === 0;
    if (intake.error) fill(problem, unknown(intake.error) ? h("p", {}, "No batch of this name is kept. Drop documents to begin it.") : failure(intake.error));
    else fill(problem);
    table.draw();
  };
  intake.onchange = () => {
    if (!due) setTimeout(draw, DRAW_EVERY);
    due = true;
  };
  draw();
  return h(
    "section",
    { "aria-label": `Batch ${intake.name}` },
    progress,
    said,
    problem,
    h("p", { class: "actions" }, download("Save the table (CSV)", "results.csv"), download("Save the portraits (ZIP)", "portraits.zip"), retry, cancel),
    table.element,
  );
}

/**
 * @param {Intake} intake
 * @param {number} all
 * @param {number} open
 * @returns {string}
 */
function summary(intake, all, open) {
  const failed = intake.count("failed", "unsent");
  const parts = [`${number(all - open)} of ${count(all, "document")} ended`, failed && count(failed, "failure")];
  const { secondsLeft } = intake;
  if (open > 0) {
    parts.push(`${number(intake.batch?.ended_per_second ?? 0)} a second`);
    if (secondsLeft !== null) parts.push(`done in ${duration(Math.ceil(secondsLeft))}, at ${clock(new Date(Date.now() + 1000 * secondsLeft))}`);
  }
  return `${parts.filter(Boolean).join(", ")}.`;
}

/**
 * @param {string} name
 * @param {string} file
 */
async function exported(name, file) {
  const response = await send(`batches/${name}/${file}`, { headers: { Accept: "*/*" } });
  save(await response.blob(), `${name}-${file}`);
}

/** @param {unknown} error */
function unknown(error) {
  return error instanceof Problem && error.code === "batch_not_found";
}

/** @returns {string} */
function proposal() {
  return `batch-${new Date().toISOString().slice(0, 16).replaceAll(/[:T]/g, "-")}`;
}
