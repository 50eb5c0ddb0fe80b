// Document screen: extracts the portrait from one document.

/** @import { DroppedFile } from "../components/drop_area.js" */
/** @import { Extraction } from "../services/types.js" */
import { button } from "../components/button.js";
import { curlBlock, jsonBlock } from "../components/code_block.js";
import { dropArea } from "../components/drop_area.js";
import { faceScores } from "../components/face_scores.js";
import { failure, loading, notice, quality, uploadedImage } from "../components/feedback.js";
import { pageViewer } from "../components/page_viewer.js";
import { fill, h } from "../lib/dom.js";
import { blobFromDataUrl, save } from "../lib/files.js";
import { angle, count, duration, size } from "../lib/format.js";
import { fileWarnings } from "../lib/messages.js";
import { ask, form } from "../services/api.js";

/**
 * @param {(files: DroppedFile[]) => void} onSeveralFiles called when several files are dropped
 * @returns {HTMLElement}
 */
export function documentView(onSeveralFiles) {
  const result = h("div", { class: "result", "aria-live": "polite" });
  let latest = new AbortController();
  const onFiles = (/** @type {DroppedFile[]} */ files) => {
    const [first] = files;
    if (files.length > 1 || !first) return onSeveralFiles(files);
    latest.abort(); // the previous request's result is no longer needed
    latest = new AbortController();
    void extract(first.file, result, latest.signal);
  };
  return h(
    "div",
    {},
    h("h1", {}, "Extract a portrait"),
    h("p", { class: "lead" }, "Finds the holder's portrait in a photo, scan or PDF of an ID document."),
    dropArea({ subject: "an ID document", more: ", or a folder to start a batch", symbol: "document", onFiles }),
    result,
  );
}

/**
 * @param {File} file
 * @param {HTMLElement} result where the result is shown
 * @param {AbortSignal} signal
 */
async function extract(file, result, signal) {
  fill(result, loading(`Processing ${file.name} (${size(file.size)})...`));
  const fields = { file, pages: "true" };
  const began = performance.now();
  try {
    /** @type {Extraction} */
    const extraction = await ask("extract-face", { method: "POST", body: form(fields), signal });
    fill(result, resultView(extraction, file, (performance.now() - began) / 1000, curlBlock("extract-face", fields)));
  } catch (error) {
    if (signal.aborted) return;
    const retry = () => void extract(file, result, signal);
    fill(
      result,
      h("section", { class: "card" }, h("h2", {}, file.name), failure(error, retry), uploadedImage(file), curlBlock("extract-face", fields)),
    );
  }
}

/**
 * @param {Extraction} extraction
 * @param {File} file
 * @param {number} seconds
 * @param {HTMLElement} curl
 * @returns {HTMLElement}
 */
function resultView(extraction, file, seconds, curl) {
  const viewer = pageViewer(extraction);
  const stem = file.name.replace(/\.[^.]*$/, "");
  return h(
    "div",
    { class: "stack" },
    h(
      "div",
      { class: "document-result" },
      portraitCard(extraction, file, seconds, `${stem}-portrait.jpg`),
      h("section", { class: "card", "aria-label": "Document" }, viewer.element),
    ),
    faceScores(extraction, (index) => viewer.show(index)),
    h("div", { class: "card" }, jsonBlock(extraction, `${stem}.json`), curl),
  );
}

/**
 * @param {Extraction} extraction
 * @param {File} file
 * @param {number} seconds
 * @param {string} downloadName
 * @returns {HTMLElement}
 */
function portraitCard({ face_image: image, metadata }, file, seconds, downloadName) {
  const facts = {
    File: `${file.name}: ${count(metadata.total_faces, "face")}`,
    Rotated: metadata.rotation === 0 ? null : angle(metadata.rotation, true),
    Processed: `in ${duration(seconds)}`,
  };
  const download = () => save(blobFromDataUrl(image), downloadName);
  return h(
    "section",
    { class: "card portrait", "aria-labelledby": "portrait" },
    h("h2", { id: "portrait" }, "Portrait"),
    h("img", { src: image, alt: "Extracted portrait" }),
    ...fileWarnings(metadata).map((text) => notice(text)),
    quality(metadata.quality),
    h("p", { class: "actions" }, button("Download portrait", download, { class: "primary" }, "download")),
    h("dl", { class: "facts" }, ...Object.entries(facts).flatMap(([name, value]) => (value ? [h("dt", {}, name), h("dd", {}, value)] : []))),
  );
}
