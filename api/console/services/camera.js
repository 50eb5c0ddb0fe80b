// The camera of this computer or phone: opens it, lists the others, and takes pictures.

const JPEG_QUALITY = 0.92; // no visible loss; a picture of 1920 x 1080 pixels has about 0.5 MB

const MESSAGES = {
  insecure: "Browsers open the camera on HTTPS pages only. Open this page over HTTPS, or choose a picture.",
  denied: "This page is not allowed to use the camera. Allow it in the browser's settings for this page and try again, or choose a picture.",
  missing: "No camera was found. Connect one and try again, or choose a picture.",
  busy: "The camera does not start. Close other programs that use it, then try again.",
  ended: "The camera was disconnected or turned off. Connect it, then try again.",
};

/** @type {Record<string, keyof typeof MESSAGES>} names of the errors of `getUserMedia` */
const CODES = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
};

/** The camera cannot be used. The message says what to do. */
export class CameraProblem extends Error {
  /** @param {keyof typeof MESSAGES} code */
  constructor(code) {
    super(MESSAGES[code]);
    this.code = code;
  }
}

/**
 * Open a camera.
 *
 * @param {"environment" | "user"} facing the preferred camera of a phone: at the back, or at the front
 * @param {string | null} id opens the camera with this id instead
 * @returns {Promise<MediaStream>} with one video track
 * @throws {CameraProblem}
 */
export async function openCamera(facing, id) {
  // Browsers offer cameras to pages from HTTPS or localhost only.
  if (!navigator.mediaDevices) throw new CameraProblem("insecure");
  const which = id === null ? { facingMode: { ideal: facing } } : { deviceId: { exact: id } };
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { ...which, width: { ideal: 1920 }, height: { ideal: 1080 } } });
  } catch (error) {
    throw new CameraProblem(CODES[error instanceof DOMException ? error.name : ""] ?? "busy");
  }
}

/** @param {MediaStream | null} stream */
export function closeCamera(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/**
 * List the cameras. Browsers name them only while the page uses one.
 *
 * @returns {Promise<MediaDeviceInfo[]>}
 */
export async function listCameras() {
  return (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
}

/**
 * Take the present frame of a video as a picture, at the camera's resolution. The picture is never mirrored.
 *
 * @param {HTMLVideoElement} video
 * @param {string} name
 * @returns {Promise<File>} JPEG
 */
export async function pictureOf(video, name) {
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: JPEG_QUALITY });
  return new File([blob], name, { type: blob.type });
}
