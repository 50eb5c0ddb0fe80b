// Name, version, accepted formats and maximum file size of the service: requested once, and again after a failure.

/** @import { Info } from "./types.js" */
import { ask } from "./api.js";

/** @type {Promise<Info> | null} */
let request = null;

/** @returns {Promise<Info>} */
export function serviceInfo() {
  request ??= ask(".").then(
    (info) => /** @type {Info} */ (info),
    (error) => {
      request = null;
      throw error;
    },
  );
  return request;
}
