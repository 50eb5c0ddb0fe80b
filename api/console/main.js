// Which screen is shown: what the address says after the hash.

/** @import { Found } from "./components/drop_area.js" */
import { batchScreen } from "./views/batch.js";
import { compareScreen } from "./views/compare.js";
import { fill } from "./lib/dom.js";
import { extractScreen } from "./views/document.js";
import { unsentFiles } from "./services/batch_upload.js";
import { showKey } from "./services/api_key.js";
import { operationsScreen } from "./views/operations.js";
import { info } from "./services/service_info.js";

const TITLES = { extract: "Document", compare: "Compare", batch: "Batch", operations: "Operations" };

const main = /** @type {HTMLElement} */ (document.getElementById("main"));

/** @type {Found[]} */
let carried = []; // dropped on the document's screen, for the batch's
let leaving = new AbortController();

function show() {
  const [screen = "", rest = ""] = decodeURIComponent(location.hash.slice(1)).split("/", 2);
  const name = screen in TITLES ? /** @type {keyof typeof TITLES} */ (screen) : "extract";
  leaving.abort();
  leaving = new AbortController();
  const found = carried;
  carried = [];
  const screens = {
    extract: () => extractScreen(startBatch),
    compare: compareScreen,
    batch: () => batchScreen(rest, found),
    operations: () => operationsScreen(leaving.signal),
  };
  fill(main, screens[name]());
  document.title = `${TITLES[name]} - Face extraction`;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** @param {Found[]} found */
function startBatch(found) {
  carried = found;
  location.hash = "#batch";
}

async function showVersion() {
  const { name, version } = await info();
  fill(/** @type {HTMLElement} */ (document.getElementById("version")), `${name} ${version}.`);
}

addEventListener("hashchange", () => {
  show();
  main.focus(); // where a screen reader goes on
});
// The address after the hash is the screen's, so the link to the content must not change it.
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("beforeunload", (event) => unsentFiles() && event.preventDefault());
// A file that misses the area must not replace the page.
for (const type of ["dragover", "drop"]) addEventListener(type, (event) => event.preventDefault());

showKey();
show();
void showVersion();
