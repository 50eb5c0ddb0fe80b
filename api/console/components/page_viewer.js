// The pages of a document with a numbered box on each face, leafed through, as they came or the right way up.

/** @import { Extraction, Page } from "../services/types.js" */
import { fill, h, s } from "../lib/dom.js";
import { button } from "./elements.js";

/**
 * @param {Extraction} extraction with its pages
 * @returns {{element: HTMLElement, show: (index: number) => void}} `show` turns to a face's page and marks the face
 */
export function pageViewer(extraction) {
  const pages = extraction.pages ?? [];
  const { all_faces: faces, selected_index: selected } = extraction.metadata;
  // A page that could not be read has a number and no picture.
  const placeOf = (/** @type {number} */ index) => Math.max(0, pages.findIndex(({ page }) => page === faces[index]?.page));
  const last = Math.max(0, ...pages.map(({ page }) => page), ...(extraction.metadata.unreadable_pages ?? []));
  const state = { place: placeOf(selected), righted: true, marked: selected };
  const view = h("div", { class: "page" });
  const where = h("span", { role: "status" });
  const turned = pages.some((page) => page.rotation !== 0);

  const turn = (/** @type {number} */ by) => {
    state.place = Math.min(Math.max(state.place + by, 0), pages.length - 1);
    draw();
  };
  const before = button("Previous page", () => turn(-1));
  const after = button("Next page", () => turn(1));
  const way = h("fieldset", { class: "way" }, h("legend", {}, "Page"), choice("Righted", true), choice("As it came", false));

  /**
   * @param {string} label
   * @param {boolean} righted
   */
  function choice(label, righted) {
    const onchange = () => {
      state.righted = righted;
      draw();
    };
    return h("label", {}, h("input", { type: "radio", name: "way", checked: righted, onchange }), ` ${label}`);
  }

  function draw() {
    const page = pages[state.place];
    if (!page) return;
    fill(view, picture(page, extraction, state.righted, state.marked));
    where.textContent = `Page ${page.page} of ${last}`;
    before.disabled = state.place === 0;
    after.disabled = state.place === pages.length - 1;
  }

  draw();
  const leaf = pages.length > 1 && h("p", { class: "actions" }, before, where, after);
  return {
    element: h("div", { class: "viewer" }, turned && way, view, leaf),
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
 * @param {boolean} righted
 * @param {number} marked
 * @returns {SVGSVGElement}
 */
function picture(page, extraction, righted, marked) {
  const { width, height } = page.page_size;
  const angle = righted ? page.rotation : 0;
  const across = angle % 180 === 90;
  const [shownWidth, shownHeight] = across ? [height, width] : [width, height];
  const faces = extraction.metadata.all_faces.filter((face) => face.page === page.page);
  const stroke = Math.max(shownWidth, shownHeight) / 250;
  const label = stroke * 9;
  const boxes = faces.map(({ box, index }) => {
    const chosen = index === extraction.metadata.selected_index;
    const kind = `${chosen ? "chosen" : "other"}${index === marked ? " marked" : ""}`;
    const [left, top, right, bottom] = turnedBox(box, width, height, angle);
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
  const moved = { 0: "", 90: `translate(${height} 0)`, 180: `translate(${width} ${height})`, 270: `translate(0 ${width})` };
  const turn = `${moved[/** @type {0 | 90 | 180 | 270} */ (angle)]} rotate(${angle})`;
  const said = `Page ${page.page}${righted || !page.rotation ? "" : ", as it came"}: ${faces.length} found, numbered ${faces.map((face) => face.index + 1).join(", ") || "none"}`;
  return s(
    "svg",
    { viewBox: `0 0 ${shownWidth} ${shownHeight}`, role: "img", "aria-label": said },
    s("image", { href: page.image, width, height, transform: turn, preserveAspectRatio: "none" }),
    ...boxes,
  );
}

/**
 * Turn a box clockwise with its page.
 *
 * @param {{left: number, top: number, right: number, bottom: number}} box
 * @param {number} width
 * @param {number} height of the page before
 * @param {number} angle
 * @returns {[number, number, number, number]} left, top, right, bottom
 */
function turnedBox({ left, top, right, bottom }, width, height, angle) {
  if (angle === 90) return [height - bottom, left, height - top, right];
  if (angle === 180) return [width - right, height - bottom, width - left, height - top];
  if (angle === 270) return [top, width - right, bottom, width - left];
  return [left, top, right, bottom];
}
