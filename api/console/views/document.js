// One document: its pages, its faces, the portrait.

/** @import { Extraction } from "../services/types.js" */
/** @import { Found } from "../components/drop_area.js" */
import { ask, form } from "../services/api.js";
import { fill, h, save } from "../lib/dom.js";
import { dropArea } from "../components/drop_area.js";
import { pageViewer } from "../components/page_viewer.js";
import { button, caution, curl, failure, json, pictureOf, quality, sent } from "../components/elements.js";
import { scoreList } from "../components/face_scores.js";
import { count, duration, fileWarnings, number, righted, size } from "../lib/format.js";

/**
 * @param {(found: Found[]) => void} onmany what happens with more than one file
 * @returns {HTMLElement}
 */
export function extractScreen(onmany) {
  const result = h("div", { "aria-live": "polite" });
  let latest = new AbortController();
  const onfound = (/** @type {Found[]} */ found) => {
    const [first] = found;
    if (found.length > 1 || !first) return onmany(found);
    latest.abort(); // nobody looks at the one before any more
    latest = new AbortController();
    void extract(first.file, result, latest.signal);
  };
  return h(
    "div",
    {},
    h("h1", {}, "Find the portrait in a document"),
    dropArea({ label: "Drop an ID document here. A whole folder becomes a batch.", onfound }),
    result,
  );
}

/**
 * @param {File} file
 * @param {HTMLElement} result where it is shown
 * @param {AbortSignal} signal
 */
async function extract(file, result, signal) {
  fill(result, h("p", { class: "busy" }, `Reading ${file.name} (${size(file.size)})...`));
  const fields = { file, pages: "true" };
  const began = performance.now();
  try {
    /** @type {Extraction} */
    const extraction = await ask("extract-face", { method: "POST", body: form(fields), signal });
    fill(result, shown(extraction, file, (performance.now() - began) / 1000), curl("extract-face", fields));
  } catch (error) {
    if (signal.aborted) return;
    fill(result, h("h2", {}, file.name), failure(error), sent(file), curl("extract-face", fields));
  }
}

/**
 * @param {Extraction} extraction
 * @param {File} file
 * @param {number} seconds
 * @returns {HTMLElement}
 */
function shown(extraction, file, seconds) {
  const viewer = pageViewer(extraction);
  const stem = file.name.replace(/\.[^.]*$/, "");
  const keep = () => save(pictureOf(extraction.face_image), `${stem}-portrait.jpg`);
  return h(
    "div",
    { class: "result" },
    h("p", { class: "summary" }, `${file.name}: ${count(extraction.metadata.total_faces, "face")}, answered in ${duration(seconds)}.`),
    h(
      "div",
      { class: "columns" },
      h("section", { "aria-label": "Document" }, viewer.element),
      h(
        "section",
        { class: "portrait", "aria-labelledby": "portrait" },
        h("h2", { id: "portrait" }, "Portrait"),
        h("img", { src: extraction.face_image, alt: "The portrait, upright" }),
        h("p", {}, `Score ${number(extraction.metadata.confidence)} of 100${righted(extraction.metadata.rotation)}`),
        ...fileWarnings(extraction.metadata).map(caution),
        quality(extraction.metadata.quality),
        h("p", { class: "actions" }, button("Save the portrait", keep)),
      ),
    ),
    scoreList(extraction, (index) => viewer.show(index)),
    json(extraction, `${stem}.json`),
  );
}
