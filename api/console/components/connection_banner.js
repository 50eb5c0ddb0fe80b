// A banner while the computer is offline.

import { fill, h } from "../lib/dom.js";
import { icon } from "./icon.js";

/** @param {HTMLElement} place */
export function showConnection(place) {
  const draw = () => {
    if (navigator.onLine) fill(place);
    else fill(place, banner());
  };
  for (const type of ["online", "offline"]) addEventListener(type, draw);
  draw();
}

/** @returns {HTMLElement} */
function banner() {
  return h(
    "div",
    { class: "message notice", role: "alert" },
    icon("offline"),
    h("div", {}, h("p", {}, "You are offline. Check the network connection. Batch uploads continue when it is back.")),
  );
}
