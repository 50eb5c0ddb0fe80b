// Portraits of a batch: loaded when their row is shown, the most recent ones kept.

/** @import { Extraction, Job } from "./types.js" */
import { ask } from "./api.js";

const KEPT = 200;

/** @type {Map<string, Promise<string>>} data URLs by job, least recently used first */
const portraits = new Map();

/**
 * Keep a portrait that arrived with a result.
 *
 * @param {string} job
 * @param {string} url
 */
export function keepPortrait(job, url) {
  if (portraits.size < KEPT) portraits.set(job, Promise.resolve(url));
}

/**
 * Return a job's portrait as a data URL; empty if the job has expired or has no portrait.
 *
 * @param {string} job
 * @returns {Promise<string>}
 */
export function portraitOf(job) {
  const portrait = portraits.get(job) ?? load(job);
  portraits.delete(job);
  portraits.set(job, portrait);
  for (const oldest of portraits.keys()) {
    if (portraits.size <= KEPT) break;
    portraits.delete(oldest);
  }
  return portrait;
}

/**
 * @param {string} id
 * @returns {Promise<string>}
 */
async function load(id) {
  try {
    /** @type {Job} */
    const { result } = await ask(`jobs/${id}`);
    return result && "face_image" in result ? /** @type {Extraction} */ (result).face_image : "";
  } catch {
    portraits.delete(id); // the next attempt may succeed
    return "";
  }
}
