// Document screen: extracts the portrait from one document.

/** @import { Extraction } from "../services/types.js" */
/** @import { DroppedFile } from "../components/drop_area.js" */
import { ask, form } from "../services/api.js";
import { fill, h } from "../lib/dom.js";
import { blobFromDataUrl, save } from "../lib/files.js";
import { dropArea } from "../components/drop_area.js";
import { pageViewer } from "../components/page_viewer.js";
import { button } from "../components/button.js";
import { curlBlock, jsonBlock } from "../components/code_block.js";
import { failure, loading, notice, quality, uploadedImage } from "../components/feedback.js";
import { faceScores } from "../components/face_scores.js";
import { count, duration, number, rotationText, size } from "../lib/format.js";
import { fileWarnings } from "../lib/messages.js";

/**
 * @param {(files: DroppedFile[]) => void} onSeveralFiles called when several files are dropped
 * @returns {HTMLElement}
 */
export function documentView(onSeveralFiles) {
  const result = h("div", { "aria-live": "polite" });
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
    dropArea({ label: "Drop an ID document here, or a folder to start a batch", onFiles }),
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
    fill(result, resultView(extraction, file, (performance.now() - began) / 1000), curlBlock("extract-face", fields));
  } catch (error) {
    if (signal.aborted) return;
    fill(result, h("h2", {}, file.name), failure(error), uploadedImage(file), curlBlock("extract-face", fields));
  }
}

/**
 * @param {Extraction} extraction
 * @param {File} file
 * @param {number} seconds
 * @returns {HTMLElement}
 */
function resultView(extraction, file, seconds) {
  const viewer = pageViewer(extraction);
  const stem = file.name.replace(/\.[^.]*$/, "");
  const download = () => save(blobFromDataUrl(extraction.face_image), `${stem}-portrait.jpg`);
  return h(
    "div",
    { class: "result" },
    h("p", { class: "summary" }, `${file.name}: ${count(extraction.metadata.total_faces, "face")}, processed in ${duration(seconds)}.`),
    h(
      "div",
      { class: "columns" },
      h("section", { "aria-label": "Document" }, viewer.element),
      h(
        "section",
        { class: "portrait", "aria-labelledby": "portrait" },
        h("h2", { id: "portrait" }, "Portrait"),
        h("img", { src: extraction.face_image, alt: "Extracted portrait" }),
        h("p", {}, `Score ${number(extraction.metadata.confidence)} out of 100${rotationText(extraction.metadata.rotation)}`),
        ...fileWarnings(extraction.metadata).map(notice),
        quality(extraction.metadata.quality),
        h("p", { class: "actions" }, button("Download portrait", download)),
      ),
    ),
    faceScores(extraction, (index) => viewer.show(index)),
    jsonBlock(extraction, `${stem}.json`),
  );
}
