// Checks of a camera frame before the picture is taken: light, glare and sharpness inside the guide.

/** @typedef {"document" | "selfie"} PictureKind */
/** @typedef {"too_dark" | "too_bright" | "glare" | "blurred"} Fault */

/**
 * @typedef {object} Limits
 * @property {number} width the inside of the guide is reduced to this many pixels across, which removes most noise
 * @property {number} minDetail
 * @property {number} minSharpness
 * @property {number} maxGlare
 */

/**
 * Measured on pictures with a Gaussian blur, where the guide is 1500 pixels (document) or 600 pixels (selfie) wide. Noise of 5
 * grey levels changes little. `tests/browser/test_capture_checks.py` repeats the measurement on documents that it composes.
 *
 * - document: of 33 composed and published specimens, all are sharp enough with a blur of 1.5 pixels (0.45 and more). With
 *   3 pixels, where the service reports all portraits as blurred, none is (0.39 and less).
 * - selfie: of 381 faces of LFW, 97% are sharp enough. With a blur of 6 pixels, where the service reports 4 of 5 faces as blurred,
 *   none of the 5 is (0.11 and less).
 *
 * The least detail is above that of an empty, noisy scene (25 and 20 grey levels squared). The largest glare on a document is
 * the area of the face on an ID card.
 *
 * @type {Record<PictureKind, Limits>}
 */
const LIMITS = {
  document: { width: 320, minDetail: 100, minSharpness: 0.4, maxGlare: 0.05 },
  selfie: { width: 120, minDetail: 25, minSharpness: 0.13, maxGlare: 0.15 },
};

// Those of the service's quality warnings (worker/vision/quality.py), of 255.
const MIN_LUMINANCE = 35;
const MAX_LUMINANCE = 225;
const GLARE_LEVEL = 250; // in every channel

/**
 * @typedef {object} Measures
 * @property {number} luminance mean, 0..255
 * @property {number} glare share of white pixels, 0..1
 * @property {number} detail variance of the Laplacian of the luminance, in grey levels squared
 * @property {number} sharpness `detail`, relative to the same of the picture at half the size. Blur lowers it, and what is
 *   printed on a document changes it little.
 */

/** @typedef {{width: number, height: number, values: Float32Array}} Plane luminance, by row */

/** @typedef {[from: number, to: number]} Span indices of neighbouring pixels of a row; `to` is not included */

/**
 * Return the width in pixels at which a picture of this kind is measured.
 *
 * @param {PictureKind} kind
 */
export function measuredWidth(kind) {
  return LIMITS[kind].width;
}

/**
 * Measure the inside of the guide.
 *
 * @param {PictureKind} kind
 * @param {Pick<ImageData, "width" | "height" | "data">} image the box around the guide
 * @returns {Measures}
 */
export function measure(kind, { width, height, data }) {
  const oval = kind === "selfie";
  const plane = { width, height, values: new Float32Array(width * height) };
  let [sum, white, count] = [0, 0, 0];
  for (let index = 0; index < plane.values.length; index++) {
    plane.values[index] = 0.299 * at(data, 4 * index) + 0.587 * at(data, 4 * index + 1) + 0.114 * at(data, 4 * index + 2); // ITU-R BT.601
  }
  for (const [from, to] of spans(width, height, oval)) {
    for (let index = from; index < to; index++) {
      sum += at(plane.values, index);
      if (at(data, 4 * index) >= GLARE_LEVEL && at(data, 4 * index + 1) >= GLARE_LEVEL && at(data, 4 * index + 2) >= GLARE_LEVEL) white++;
    }
    count += to - from;
  }
  const [detail, coarse] = [laplacianVariance(plane, oval), laplacianVariance(half(plane), oval)];
  return { luminance: sum / count, glare: white / count, detail, sharpness: coarse > 0 ? detail / coarse : 0 };
}

/**
 * Return the most important thing to change before the picture is taken, or null.
 *
 * @param {PictureKind} kind
 * @param {Measures} measures
 * @returns {Fault | null}
 */
export function faultOf(kind, { luminance, glare, detail, sharpness }) {
  const { minDetail, minSharpness, maxGlare } = LIMITS[kind];
  if (luminance < MIN_LUMINANCE) return "too_dark";
  if (luminance > MAX_LUMINANCE) return "too_bright";
  if (glare > maxGlare) return "glare";
  return detail < minDetail || sharpness < minSharpness ? "blurred" : null;
}

/**
 * Return the pixels inside the guide, without the outermost rows and columns.
 *
 * @param {number} width
 * @param {number} height
 * @param {boolean} oval
 * @returns {Span[]}
 */
function spans(width, height, oval) {
  return Array.from({ length: height - 2 }, (_, row) => {
    const y = row + 1;
    const reach = oval ? Math.sqrt(1 - ((2 * y + 1) / height - 1) ** 2) : 1; // half of the row's width, of half of the box
    const margin = Math.max(1, Math.round((width * (1 - reach)) / 2));
    return [y * width + margin, (y + 1) * width - margin];
  });
}

/**
 * @param {Plane} plane
 * @param {boolean} oval
 * @returns {number}
 */
function laplacianVariance({ width, height, values }, oval) {
  let [sum, squares, count] = [0, 0, 0];
  for (const [from, to] of spans(width, height, oval)) {
    for (let index = from; index < to; index++) {
      const around = at(values, index - 1) + at(values, index + 1) + at(values, index - width) + at(values, index + width);
      const value = around - 4 * at(values, index);
      sum += value;
      squares += value * value;
    }
    count += to - from;
  }
  return squares / count - (sum / count) ** 2;
}

/**
 * Return the plane at half the size: each value is the mean of four.
 *
 * @param {Plane} plane
 * @returns {Plane}
 */
function half({ width, height, values }) {
  const means = { width: width >> 1, height: height >> 1, values: new Float32Array((width >> 1) * (height >> 1)) };
  for (let index = 0; index < means.values.length; index++) {
    const corner = 2 * Math.floor(index / means.width) * width + 2 * (index % means.width);
    means.values[index] = (at(values, corner) + at(values, corner + 1) + at(values, corner + width) + at(values, corner + width + 1)) / 4;
  }
  return means;
}

/**
 * @param {Float32Array | Uint8ClampedArray} values
 * @param {number} index
 * @returns {number}
 */
function at(values, index) {
  return values[index] ?? 0;
}
