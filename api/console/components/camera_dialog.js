// Camera dialog: a preview with a guide and advice, then the picture, which is used or taken again.

/** @import { PictureKind } from "../lib/capture_checks.js" */
/** @import { Child } from "../lib/dom.js" */
import { fill, h } from "../lib/dom.js";
import { captureAdvice } from "../lib/messages.js";
import { CameraProblem, closeCamera, listCameras, openCamera, pictureOf } from "../services/camera.js";
import { button } from "./button.js";
import { cameraGuide } from "./camera_guide.js";
import { loading, problem } from "./feedback.js";

/**
 * @typedef {object} Kind
 * @property {string} title
 * @property {"environment" | "user"} facing
 * @property {string} file
 * @property {string} hint until the first check of the picture
 * @property {string} review what to look at before the picture is used
 */

/** @type {Record<PictureKind, Kind>} */
const KINDS = {
  document: {
    title: "Picture of the document",
    facing: "environment",
    file: "document.jpg",
    hint: "Fit the card or the photo page into the frame.",
    review: "Check that the photo and the text are sharp and complete.",
  },
  selfie: {
    title: "Selfie",
    facing: "user",
    file: "selfie.jpg",
    hint: "Fit the face into the oval.",
    review: "Check that the face is sharp and complete.",
  },
};

/** @type {Record<PictureKind, string | null>} the camera that was chosen last, kept until the page is left */
const chosen = { document: null, selfie: null };

/**
 * Open the dialog. The camera is on while it is open.
 *
 * @param {PictureKind} kind
 * @param {(picture: File) => void} onPicture
 */
export function takePicture(kind, onPicture) {
  new CameraDialog(kind, onPicture).open();
}

class CameraDialog {
  #stage = h("div", {});
  #status = h("p", { class: "camera-status", role: "status" });
  #actions = h("p", { class: "actions" });
  #video = h("video", { playsinline: true, "aria-label": "Camera preview" });
  #kind;
  #onPicture;
  #texts;
  #guide;
  #dialog;
  /** @type {MediaStream | null} */
  #stream = null;
  #closed = new AbortController();
  #step = new AbortController(); // ends what the present step has started

  /**
   * @param {PictureKind} kind
   * @param {(picture: File) => void} onPicture
   */
  constructor(kind, onPicture) {
    this.#kind = kind;
    this.#onPicture = onPicture;
    this.#texts = KINDS[kind];
    this.#guide = cameraGuide(kind, this.#video);
    this.#video.muted = true;
    this.#video.classList.toggle("mirrored", kind === "selfie");
    const heading = h("h2", { id: "camera-title" }, this.#texts.title);
    const attributes = { class: "camera", "aria-labelledby": heading.id, onclose: () => this.#onClose() };
    this.#dialog = h("dialog", attributes, heading, this.#stage, this.#status, this.#actions);
  }

  open() {
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    const { signal } = this.#closed;
    // It comes before `hashchange`, so that the dialog is closed when the next screen takes the focus.
    addEventListener("popstate", () => this.#dialog.close(), { signal });
    addEventListener("pagehide", () => this.#dialog.close(), { signal });
    void this.#start();
  }

  #onClose() {
    this.#closed.abort();
    this.#step.abort();
    closeCamera(this.#stream);
    this.#dialog.remove();
  }

  /** @param {File} picture */
  #use(picture) {
    this.#dialog.close();
    this.#onPicture(picture);
  }

  async #start() {
    closeCamera(this.#stream);
    this.#show(loading("Starting the camera..."), "Allow the camera if the browser asks.");
    try {
      this.#stream = await openCamera(this.#texts.facing, chosen[this.#kind]);
      if (this.#closed.signal.aborted) return closeCamera(this.#stream);
      this.#video.srcObject = this.#stream;
      await this.#preview(this.#stream);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @param {MediaStream} stream */
  async #preview(stream) {
    const cameras = await listCameras();
    this.#show(h("div", { class: "viewfinder" }, this.#video, this.#guide.element), "Starting the camera...");
    const { signal } = this.#step;
    await this.#video.play(); // it pauses when it is removed from the page
    if (this.#closed.signal.aborted) return;
    const [track] = stream.getVideoTracks();
    track?.addEventListener("ended", () => this.#fail(new CameraProblem("ended")), { signal });
    const take = button("Take picture", () => void this.#take(), { class: "primary" }, "camera");
    this.#offer(this.#texts.hint, take, this.#cameraChoice(cameras, track));
    this.#guide.watch((found) => (this.#status.textContent = captureAdvice(this.#kind, found)), signal);
  }

  async #take() {
    const picture = await pictureOf(this.#video, this.#texts.file);
    const image = h("img", { src: URL.createObjectURL(picture), alt: "The picture" });
    image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
    this.#show(
      h("div", { class: "viewfinder" }, image),
      this.#texts.review,
      button("Use picture", () => this.#use(picture), { class: "primary" }, "check"),
      button("Take again", () => this.#takeAgain()),
    );
  }

  #takeAgain() {
    if (this.#stream?.active) this.#preview(this.#stream).catch((error) => this.#fail(error));
    else void this.#start();
  }

  /** @param {unknown} error */
  #fail(error) {
    if (this.#closed.signal.aborted) return;
    const known = error instanceof CameraProblem;
    if (!known) console.error(error);
    const { code, message } = known ? error : new CameraProblem("busy");
    closeCamera(this.#stream);
    chosen[this.#kind] = null; // it may be the camera that is missing
    const choose = (/** @type {Event} */ event) => {
      const [picture] = /** @type {HTMLInputElement} */ (event.currentTarget).files ?? [];
      if (picture) this.#use(picture);
    };
    this.#show(
      problem(h("p", {}, message)),
      "",
      code !== "insecure" && button("Try again", () => void this.#start(), { class: "primary" }),
      h("label", { class: "choose" }, "Choose a picture", h("input", { type: "file", accept: "image/*", onchange: choose })),
    );
  }

  /**
   * Show a step of the dialog, and end the one before.
   *
   * @param {Child} content
   * @param {string} text
   * @param {...Child} controls
   */
  #show(content, text, ...controls) {
    this.#step.abort();
    this.#step = new AbortController();
    fill(this.#stage, content);
    this.#offer(text, ...controls);
  }

  /**
   * Show what to do, and focus the first control.
   *
   * @param {string} text
   * @param {...Child} controls
   */
  #offer(text, ...controls) {
    this.#status.textContent = text;
    fill(this.#actions, ...controls, button("Cancel", () => this.#dialog.close()));
    /** @type {HTMLElement | null} */ (this.#actions.querySelector("button, input"))?.focus();
  }

  /**
   * Return a list of the cameras, if there are several.
   *
   * @param {MediaDeviceInfo[]} cameras
   * @param {MediaStreamTrack | undefined} track of the camera in use
   * @returns {HTMLElement | null}
   */
  #cameraChoice(cameras, track) {
    if (cameras.length < 2) return null;
    const used = track?.getSettings().deviceId;
    const options = cameras.map(({ deviceId, label }) => h("option", { value: deviceId, selected: deviceId === used }, label));
    const select = h("select", { "aria-label": "Camera" }, ...options);
    select.addEventListener("change", () => {
      chosen[this.#kind] = select.value;
      void this.#start();
    });
    return select;
  }
}
