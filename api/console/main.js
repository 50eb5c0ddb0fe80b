// Entry point: shows the screen that the URL's fragment names.

/** @import { DroppedFile } from "./components/drop_area.js" */
/** @import { IconName } from "./components/icon.js" */
/** @import { Shortcut } from "./components/shortcuts.js" */
import { showConnection } from "./components/connection_banner.js";
import { icon } from "./components/icon.js";
import { installShortcuts } from "./components/shortcuts.js";
import { fill, h } from "./lib/dom.js";
import { updateKeyButton } from "./services/api_key.js";
import { hasUnsentFiles } from "./services/batch_upload.js";
import { serviceInfo } from "./services/service_info.js";
import { batchView } from "./views/batch.js";
import { documentView } from "./views/document.js";
import { operationsView } from "./views/operations.js";
import { verifyView } from "./views/verify.js";

/** @type {Record<string, {title: string, symbol: IconName, key: string}>} */
const SCREENS = {
  extract: { title: "Document", symbol: "document", key: "d" },
  verify: { title: "Verify", symbol: "verify", key: "v" },
  batch: { title: "Batch", symbol: "batch", key: "b" },
  operations: { title: "Operations", symbol: "chart", key: "o" },
};

/** @type {Record<string, string>} */
const RENAMED = { compare: "verify" }; // addresses of earlier versions

const main = element("main");

/** @type {DroppedFile[]} */
let droppedFiles = []; // files dropped on the document screen, for the batch screen
let leaving = new AbortController();

function show() {
  const [screen = "", rest = ""] = decodeURIComponent(location.hash.slice(1)).split("/", 2);
  const name = /** @type {keyof typeof views} */ (screen in SCREENS ? screen : (RENAMED[screen] ?? "extract"));
  leaving.abort();
  leaving = new AbortController();
  const found = droppedFiles;
  droppedFiles = [];
  const views = {
    extract: () => documentView(startBatch),
    verify: verifyView,
    batch: () => batchView(rest, found),
    operations: () => operationsView(leaving.signal),
  };
  fill(main, views[name]());
  document.title = `${SCREENS[name]?.title} - Face extraction`;
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

/** Fill the navigation. */
function showLinks() {
  const links = Object.entries(SCREENS).map(([name, { title, symbol }]) => h("a", { href: `#${name}` }, icon(symbol), title));
  fill(element("nav"), ...links);
}

/** @returns {Shortcut[]} */
function shortcuts() {
  const click = (/** @type {string} */ selector) => /** @type {HTMLElement | null} */ (main.querySelector(selector))?.click();
  return [
    ...Object.entries(SCREENS).map(([name, { title, key }]) => ({ keys: key, label: `Open ${title}`, run: () => void (location.hash = `#${name}`) })),
    { keys: "u", label: "Choose a file", run: () => click("input[type=file]") },
    { keys: "[", label: "Previous page or document", run: () => click("[data-key=previous]") },
    { keys: "]", label: "Next page or document", run: () => click("[data-key=next]") },
    { keys: "h", label: "Mark as handled", run: () => click("[data-key=handled]") },
    { keys: "/", label: "Search the batch", run: () => /** @type {HTMLElement | null} */ (main.querySelector("input[type=search]"))?.focus() },
  ];
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

async function showVersion() {
  const { name, version } = await serviceInfo();
  fill(element("version"), `${name} ${version}.`);
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

showLinks();
showConnection(element("connection"));
installShortcuts(shortcuts(), /** @type {HTMLButtonElement} */ (element("help")));
updateKeyButton();
show();
void showVersion();
