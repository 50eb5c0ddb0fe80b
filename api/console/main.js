// Entry point: shows the screen that the URL's fragment names.

/** @import { DroppedFile } from "./components/drop_area.js" */
import { batchView } from "./views/batch.js";
import { compareView } from "./views/compare.js";
import { fill } from "./lib/dom.js";
import { documentView } from "./views/document.js";
import { hasUnsentFiles } from "./services/batch_upload.js";
import { updateKeyButton } from "./services/api_key.js";
import { operationsView } from "./views/operations.js";
import { serviceInfo } from "./services/service_info.js";

const TITLES = { extract: "Document", compare: "Compare", batch: "Batch", operations: "Operations" };

const main = /** @type {HTMLElement} */ (document.getElementById("main"));

/** @type {DroppedFile[]} */
let droppedFiles = []; // files dropped on the document screen, for the batch screen
let leaving = new AbortController();

function show() {
  const [screen = "", rest = ""] = decodeURIComponent(location.hash.slice(1)).split("/", 2);
  const name = screen in TITLES ? /** @type {keyof typeof TITLES} */ (screen) : "extract";
  leaving.abort();
  leaving = new AbortController();
  const found = droppedFiles;
  droppedFiles = [];
  const screens = {
    extract: () => documentView(startBatch),
    compare: compareView,
    batch: () => batchView(rest, found),
    operations: () => operationsView(leaving.signal),
  };
  fill(main, screens[name]());
  document.title = `${TITLES[name]} - Face extraction`;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** @param {DroppedFile[]} found */
function startBatch(found) {
  droppedFiles = found;
  location.hash = "#batch";
}

async function showVersion() {
  const { name, version } = await serviceInfo();
  fill(/** @type {HTMLElement} */ (document.getElementById("version")), `${name} ${version}.`);
}

addEventListener("hashchange", () => {
  show();
  main.focus(); // screen readers continue here
});
// The fragment names the screen, so the skip link must not change it.
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("beforeunload", (event) => hasUnsentFiles() && event.preventDefault());
// A file dropped outside the drop area must not replace the page.
for (const type of ["dragover", "drop"]) addEventListener(type, (event) => event.preventDefault());

updateKeyButton();
show();
void showVersion();
