// Buttons.

/** @import { IconName } from "./icon.js" */
import { h } from "../lib/dom.js";
import { icon } from "./icon.js";

/**
 * @param {string} label
 * @param {() => void} onclick
 * @param {Record<string, unknown>} [attributes]
 * @param {IconName | null} [symbol] drawn before the label
 * @returns {HTMLButtonElement}
 */
export function button(label, onclick, attributes = {}, symbol = null) {
  return h("button", { type: "button", onclick, ...attributes }, symbol && icon(symbol), label);
}
