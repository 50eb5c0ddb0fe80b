// Page viewer: a document's pages with a numbered box on each face, upright or in their original orientation.

/** @import { Extraction, Page } from "../services/types.js" */
import { fill, h, s } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { button } from "./button.js";

/**
 * @param {Extraction} extraction with its pages
 * @returns {{element: HTMLElement, show: (index: number) => void}} `show` opens a face's page and highlights the face
 */
export function pageViewer(extraction) {
  const pages = extraction.pages ?? [];
  const { all_faces: faces, selected_index: selected } = extraction.metadata;
  // An unreadable page has a number but no picture.
  const placeOf = (/** @type {number} */ index) => Math.max(0, pages.findIndex(({ page }) => page === faces[index]?.page));
  const last = Math.max(0, ...pages.map(({ page }) => page), ...(extraction.metadata.unreadable_pages ?? []));
  const state = { place: placeOf(selected), upright: true, marked: selected };
  const view = h("div", { class: "page" });
  const position = h("span", { role: "status" });
  const rotated = pages.some((page) => page.rotation !== 0);

  const turnPage = (/** @type {number} */ by) => {
    state.place = Math.min(Math.max(state.place + by, 0), pages.length - 1);
    draw();
  };
  const before = button("Previous page", () => turnPage(-1), { "data-key": "previous" });
  const after = button("Next page", () => turnPage(1), { "data-key": "next" });
  const orientation = h("fieldset", { class: "orientation" }, h("legend", {}, "Orientation"), choice("Upright", true), choice("Original", false));

  /**
   * @param {string} label
   * @param {boolean} upright
   */
  function choice(label, upright) {
    const onchange = () => {
      state.upright = upright;
      draw();
    };
    return h("label", {}, h("input", { type: "radio", name: "orientation", checked: upright, onchange }), ` ${label}`);
  }

  function draw() {
    const page = pages[state.place];
    if (!page) return;
    fill(view, picture(page, extraction, state.upright, state.marked));
    position.textContent = `Page ${page.page} of ${last}`;
    before.disabled = state.place === 0;
    after.disabled = state.place === pages.length - 1;
  }

  draw();
  const paging = pages.length > 1 && h("div", { class: "actions" }, before, position, after);
  return {
    element: h("div", { class: "viewer" }, h("div", { class: "viewer-bar" }, rotated && orientation, paging), view),
    show(index) {
      state.marked = index;
      state.place = placeOf(index);
      draw();
    },
  };
}

/**
 * @param {Page} page
 * @param {Extraction} extraction
 * @param {boolean} upright
 * @param {number} marked
 * @returns {SVGSVGElement}
 */
function picture(page, extraction, upright, marked) {
  const { width, height } = page.page_size;
  const angle = upright ? page.rotation : 0;
  const across = angle % 180 === 90;
  const [shownWidth, shownHeight] = across ? [height, width] : [width, height];
  const faces = extraction.metadata.all_faces.filter((face) => face.page === page.page);
  const stroke = Math.max(shownWidth, shownHeight) / 250;
  const label = stroke * 9;
  const boxes = faces.map(({ box, index }) => {
    const chosen = index === extraction.metadata.selected_index;
    const kind = `${chosen ? "chosen" : "other"}${index === marked ? " marked" : ""}`;
    const [left, top, right, bottom] = rotatedBox(box, width, height, angle);
    return s(
      "g",
      { class: kind },
      s("rect", { x: left, y: top, width: right - left, height: bottom - top, "stroke-width": stroke }),
      s("rect", { class: "plate", x: left, y: Math.max(0, top - label), width: label * 1.1, height: label }),
      s(
        "text",
        { x: left + label * 0.55, y: Math.max(0, top - label) + label * 0.78, "font-size": label * 0.8 },
        index + 1,
      ),
    );
  });
  const shift = { 0: "", 90: `translate(${height} 0)`, 180: `translate(${width} ${height})`, 270: `translate(0 ${width})` };
  const transform = `${shift[/** @type {0 | 90 | 180 | 270} */ (angle)]} rotate(${angle})`;
  const description = `Page ${page.page}${upright || !page.rotation ? "" : ", original orientation"}: ${faces.length ? `${count(faces.length, "face")}, numbered ${faces.map((face) => face.index + 1).join(", ")}` : "no faces"}`;
  return s(
    "svg",
    { viewBox: `0 0 ${shownWidth} ${shownHeight}`, role: "img", "aria-label": description },
    s("image", { href: page.image, width, height, transform, preserveAspectRatio: "none" }),
    ...boxes,
  );
}

/**
 * Rotate a box clockwise with its page.
 *
 * @param {{left: number, top: number, right: number, bottom: number}} box
 * @param {number} width
 * @param {number} height of the page before the rotation
 * @param {number} angle
 * @returns {[number, number, number, number]} left, top, right, bottom
 */
function rotatedBox({ left, top, right, bottom }, width, height, angle) {
  if (angle === 90) return [height - bottom, left, height - top, right];
  if (angle === 180) return [width - right, height - bottom, width - left, height - top];
  if (angle === 270) return [top, width - right, bottom, width - left];
  return [left, top, right, bottom];
}
