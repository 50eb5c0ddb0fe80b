// Where files are dropped, chosen, or taken with the camera.

import { h } from "../lib/dom.js";
import { info } from "../services/service_info.js";
import { either } from "../lib/format.js";

/** @typedef {{file: File, path: string}} Found a file and its path inside the folder that was dropped */

/**
 * @param {object} options
 * @param {string} options.label
 * @param {boolean} [options.folder] whether whole folders, and many files, can be chosen
 * @param {(found: Found[]) => void} options.onfound
 * @returns {HTMLElement}
 */
export function dropArea({ label, folder = false, onfound }) {
  const chosen = (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.currentTarget);
    const found = [...(input.files ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
    input.value = ""; // so that the same file can be chosen again
    if (found.length) onfound(found);
  };
  const input = (/** @type {string} */ text, /** @type {Record<string, unknown>} */ attributes) =>
    h("label", { class: "choose" }, text, h("input", { type: "file", onchange: chosen, ...attributes }));
  const hint = h("p", { class: "hint" });
  const area = h(
    "div",
    { class: "drop", role: "group", "aria-label": label },
    h("p", {}, label),
    hint,
    h(
      "p",
      { class: "actions" },
      input(folder ? "Choose files" : "Choose a file", { multiple: folder }),
      folder
        ? input("Choose a folder", { webkitdirectory: true, multiple: true })
        : input("Take a picture", { accept: "image/*", capture: "environment" }),
    ),
  );
  void describe(hint, area.querySelectorAll("input:not([capture])"));
  area.addEventListener("dragover", (event) => {
    event.preventDefault();
    area.classList.add("over");
  });
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    area.classList.remove("over");
    void dropped(event).then((found) => found.length && onfound(found));
  });
  return area;
}

/**
 * Say which formats the service accepts, to people and to the browser. Other files can be dropped still: the service says
 * what they are and what to send instead.
 *
 * @param {HTMLElement} hint
 * @param {NodeListOf<Element>} inputs
 */
async function describe(hint, inputs) {
  const known = await info().catch(() => null);
  if (!known) return; // the service is away: every file can be chosen
  const types = known.formats.flatMap(({ media_types, suffixes }) => [...media_types, ...suffixes]).join(",");
  hint.textContent = `${either(known.formats.map(({ label }) => label))}, at most 10 MB.`;
  for (const input of inputs) input.setAttribute("accept", types);
}

/**
 * @param {DragEvent} event
 * @returns {Promise<Found[]>}
 */
async function dropped(event) {
  const items = [...(event.dataTransfer?.items ?? [])];
  // The list is emptied as soon as this function lets go, so all entries are taken first.
  const entries = items.map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length) return (await Promise.all(entries.map(inside))).flat();
  return [...(event.dataTransfer?.files ?? [])].map((file) => ({ file, path: file.name }));
}

/**
 * @param {FileSystemEntry} entry
 * @returns {Promise<Found[]>}
 */
async function inside(entry) {
  if (entry.isFile) {
    const { file } = /** @type {FileSystemFileEntry} */ (entry);
    const path = entry.fullPath.replace(/^\//, "");
    return [{ file: await new Promise((resolve, reject) => file.call(entry, resolve, reject)), path }];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  /** @type {Found[]} */
  const found = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at a time
    if (!some.length) return found;
    found.push(...(await Promise.all(some.map(inside))).flat());
  }
}
