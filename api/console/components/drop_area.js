// Drop area: files are dropped, chosen from disk or taken with the camera.

/** @import { PictureKind } from "../lib/capture_checks.js" */
/** @import { IconName } from "./icon.js" */
import { h } from "../lib/dom.js";
import { orList, size } from "../lib/format.js";
import { serviceInfo } from "../services/service_info.js";
import { button } from "./button.js";
import { icon } from "./icon.js";

/** @typedef {{file: File, path: string}} DroppedFile a file and its path inside the dropped folder */

const CAN_DROP = matchMedia("(any-hover: hover)").matches; // false on a phone, which has no mouse to drag a file with

/**
 * @param {object} options
 * @param {string} options.subject what is dropped or chosen
 * @param {string} [options.more] what else can be dropped
 * @param {boolean} [options.folder] whether folders and several files can be chosen
 * @param {PictureKind} [options.picture] what the camera takes a picture of
 * @param {IconName} [options.symbol]
 * @param {(files: DroppedFile[]) => void} options.onFiles
 * @returns {HTMLElement}
 */
export function dropArea({ subject, more = "", folder = false, picture = "document", symbol = "upload", onFiles }) {
  const label = CAN_DROP ? `Drop ${subject} here${more}` : `Add ${subject}`;
  const accept = (/** @type {DroppedFile[]} */ files) => {
    if (!files.length) return;
    area.classList.add("compact"); // the result needs the space
    onFiles(files);
  };
  const chosen = (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.currentTarget);
    const files = [...(input.files ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
    input.value = ""; // allows choosing the same file again
    accept(files);
  };
  const input = (/** @type {string} */ text, /** @type {string} */ kind, /** @type {Record<string, unknown>} */ attributes) =>
    h("label", { class: `choose ${kind}` }, text, h("input", { type: "file", onchange: chosen, ...attributes }));
  const hint = h("p", { class: "hint" });
  const openCamera = () =>
    void import("./camera_dialog.js").then(
      ({ takePicture }) => takePicture(picture, (file) => accept([{ file, path: file.name }])),
      () => (hint.textContent = "The camera could not be loaded. Check the network connection, then reload the page."),
    );
  const area = h(
    "div",
    { class: "drop", role: "group", "aria-label": label },
    icon(symbol, "large"),
    h("p", { class: "label" }, label),
    hint,
    h(
      "p",
      { class: "actions" },
      input(folder ? "Choose files" : "Choose a file", "primary", { multiple: folder }),
      folder
        ? input("Choose a folder", "", { webkitdirectory: true, multiple: true })
        : button("Take a picture", openCamera, {}, "camera"),
    ),
  );
  void describe(hint, area.querySelectorAll("input"));
  area.addEventListener("dragover", (event) => {
    event.preventDefault();
    area.classList.add("over");
  });
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    area.classList.remove("over");
    void droppedFiles(event).then(accept);
  });
  return area;
}

/**
 * Show the accepted formats and the maximum size, and limit the file dialog to the formats. Other files can still be
 * dropped; the error response then names their format and the accepted ones.
 *
 * @param {HTMLElement} hint
 * @param {NodeListOf<Element>} inputs
 */
async function describe(hint, inputs) {
  const info = await serviceInfo().catch(() => null);
  if (!info) return; // without the list, every file can be chosen
  const types = info.formats.flatMap(({ media_types, suffixes }) => [...media_types, ...suffixes]).join(",");
  hint.textContent = `${orList(info.formats.map(({ label }) => label))}, at most ${size(info.max_upload_bytes)}.`;
  for (const input of inputs) input.setAttribute("accept", types);
}

/**
 * @param {DragEvent} event
 * @returns {Promise<DroppedFile[]>}
 */
async function droppedFiles(event) {
  const items = [...(event.dataTransfer?.items ?? [])];
  // The browser clears the list after the event, so read all entries before the first await.
  const entries = items.map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length) return (await Promise.all(entries.map(filesIn))).flat();
  return [...(event.dataTransfer?.files ?? [])].map((file) => ({ file, path: file.name }));
}

/**
 * @param {FileSystemEntry} entry
 * @returns {Promise<DroppedFile[]>}
 */
async function filesIn(entry) {
  if (entry.isFile) {
    const { file } = /** @type {FileSystemFileEntry} */ (entry);
    const path = entry.fullPath.replace(/^\//, "");
    return [{ file: await new Promise((resolve, reject) => file.call(entry, resolve, reject)), path }];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  /** @type {DroppedFile[]} */
  const found = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // up to 100 per call
    if (!some.length) return found;
    found.push(...(await Promise.all(some.map(filesIn))).flat());
  }
}
