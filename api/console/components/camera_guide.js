// Camera guide: an outline over the preview that shows where to hold the document or the face, and checks the picture inside.

/** @import { Fault, PictureKind } from "../lib/capture_checks.js" */
import { faultOf, measure, measuredWidth } from "../lib/capture_checks.js";
import { fill, s } from "../lib/dom.js";

const CARD = 85.6 / 53.98; // width to height of ID-1 (ISO/IEC 7810)
const CARD_RADIUS = 3.18 / 85.6; // of the corners, relative to the width
const FACE = 0.75; // width to height of a head

const INTERVAL = 250; // milliseconds between two checks
const REPEATS = 4; // equal results in succession until a result is reported: the text does not flicker

/**
 * Return the box around the guide, in pixels of the video.
 *
 * @param {PictureKind} kind
 * @param {number} width of the video, like `height`
 * @param {number} height
 * @returns {DOMRect}
 */
function guideBox(kind, width, height) {
  const ratio = kind === "document" ? CARD : FACE;
  const across = Math.min(0.9 * width, 0.85 * height * ratio);
  return new DOMRect((width - across) / 2, (height - across / ratio) / 2, across, across / ratio);
}

/**
 * Return a guide for a video. It is green while the check finds nothing to change.
 *
 * @param {PictureKind} kind
 * @param {HTMLVideoElement} video
 * @returns {{element: SVGSVGElement, watch: (onResult: (found: Fault | null) => void, signal: AbortSignal) => void}} `watch`
 *   checks the video several times a second, and reports a result that lasts a second and differs from the one before
 */
export function cameraGuide(kind, video) {
  const element = s("svg", { class: "guide", "aria-hidden": "true" });
  const draw = () => {
    const { videoWidth: width, videoHeight: height } = video;
    const outline = outlineOf(kind, guideBox(kind, width, height));
    element.setAttribute("viewBox", `0 0 ${width} ${height}`);
    fill(
      element,
      s("path", { class: "shade", d: `M0 0H${width}V${height}H0Z${outline}`, "fill-rule": "evenodd" }),
      s("path", { class: "outline", d: outline }),
    );
  };
  const watch = (/** @type {(found: Fault | null) => void} */ onResult, /** @type {AbortSignal} */ signal) => {
    /** @type {(Fault | null)[]} */
    let latest = [];
    /** @type {Fault | null | undefined} */
    let reported;
    const check = () => {
      const found = checkFrame(kind, video);
      latest = [...latest, found].slice(-REPEATS);
      if (found === reported || latest.length < REPEATS || latest.some((each) => each !== found)) return;
      reported = found;
      element.classList.toggle("good", found === null);
      onResult(found);
    };
    draw();
    element.classList.remove("good");
    video.addEventListener("resize", draw, { signal }); // a phone was turned
    const timer = setInterval(check, INTERVAL);
    signal.addEventListener("abort", () => clearInterval(timer));
  };
  return { element, watch };
}

/**
 * @param {PictureKind} kind
 * @param {DOMRect} box
 * @returns {string} a closed path
 */
function outlineOf(kind, { x, y, width, height }) {
  const arc = (/** @type {number} */ across, /** @type {number} */ down, /** @type {string} */ end) => `a${across} ${down} 0 0 1 ${end}`;
  if (kind === "selfie") {
    const [across, down] = [width / 2, height / 2];
    return `M${x} ${y + down}${arc(across, down, `${width} 0`)}${arc(across, down, `${-width} 0`)}Z`;
  }
  const r = width * CARD_RADIUS;
  const corner = (/** @type {string} */ end) => arc(r, r, end);
  return (
    `M${x + r} ${y}h${width - 2 * r}${corner(`${r} ${r}`)}v${height - 2 * r}${corner(`${-r} ${r}`)}` +
    `h${2 * r - width}${corner(`${-r} ${-r}`)}v${2 * r - height}${corner(`${r} ${-r}`)}Z`
  );
}

/**
 * @param {PictureKind} kind
 * @param {HTMLVideoElement} video
 * @returns {Fault | null}
 */
function checkFrame(kind, video) {
  const box = guideBox(kind, video.videoWidth, video.videoHeight);
  const width = measuredWidth(kind);
  const height = Math.round((width * box.height) / box.width);
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("no canvas");
  context.imageSmoothingQuality = "high"; // the mean of all pixels, not a sample
  context.drawImage(video, box.x, box.y, box.width, box.height, 0, 0, width, height);
  return faultOf(kind, measure(kind, context.getImageData(0, 0, width, height)));
}
