// Keyboard shortcuts, and the dialog that lists them.

import { h } from "../lib/dom.js";
import { button } from "./button.js";

const SETTING = "keyboard-shortcuts"; // "off" in localStorage turns them off

/** @typedef {{keys: string, label: string, run: () => void}} Shortcut */

/**
 * Install shortcuts of a single key. They are ignored in text fields, with modifier keys, and while a dialog is open.
 *
 * @param {Shortcut[]} shortcuts
 * @param {HTMLButtonElement} opener the button that opens the list
 */
export function installShortcuts(shortcuts, opener) {
  const all = [...shortcuts, { keys: "?", label: "Show keyboard shortcuts", run: show }];
  const enabled = h("input", { type: "checkbox", checked: isEnabled() });
  enabled.addEventListener("change", () => localStorage.setItem(SETTING, enabled.checked ? "on" : "off"));
  const dialog = h(
    "dialog",
    { "aria-labelledby": "shortcuts-title" },
    h("h2", { id: "shortcuts-title" }, "Keyboard shortcuts"),
    h("dl", { class: "shortcuts" }, ...all.flatMap(({ keys, label }) => [h("dt", {}, label), h("dd", {}, h("kbd", {}, keys))])),
    h("p", {}, h("label", {}, enabled, " Enable keyboard shortcuts")),
    h("p", { class: "actions" }, button("Close", () => dialog.close())),
  );
  document.body.append(dialog);
  opener.addEventListener("click", show);
  addEventListener("keydown", (event) => {
    const shortcut = all.find(({ keys }) => keys === event.key);
    if (!shortcut || !isEnabled() || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    event.preventDefault();
    shortcut.run();
  });

  function show() {
    dialog.showModal();
  }
}

/** @returns {boolean} */
function isEnabled() {
  return localStorage.getItem(SETTING) !== "off";
}

/**
 * @param {EventTarget | null} target
 * @returns {boolean} whether a key belongs to the focused field
 */
function isTyping(target) {
  return target instanceof Element && target.matches("input:not([type=checkbox], [type=radio], [type=file]), select, textarea");
}
