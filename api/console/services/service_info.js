// What the service is and which formats it accepts: asked once for all screens, and again after a failure.

/** @import { Info } from "./types.js" */
import { ask } from "./api.js";

/** @type {Promise<Info> | null} */
let asked = null;

/** @returns {Promise<Info>} */
export function info() {
  asked ??= ask(".").then(
    (answer) => /** @type {Info} */ (answer),
    (error) => {
      asked = null;
      throw error;
    },
  );
  return asked;
}
