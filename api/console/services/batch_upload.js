// A batch: uploads its files a few at a time and polls for results after a cursor.

/** @import { Row, State } from "./batch_rows.js" */
/** @import { Batch, BatchResult, Job } from "./types.js" */
/** @import { DroppedFile } from "../components/drop_area.js" */
import { Problem, ask, form, send } from "./api.js";
import { newRow, resultFields } from "./batch_rows.js";
import { handledIn, storeHandled } from "./handled.js";
import { idempotencyKey, linesOf, referenceFor, sleep } from "./uploads.js";

const CONCURRENT_UPLOADS = 6; // browsers open six connections to one host
const POLL_INTERVAL = 1000; // milliseconds
const MAX_ATTEMPTS = 8; // of one upload while the service is unavailable; the delay doubles each time
const MAX_DELAY = 30; // seconds

/** @type {Map<string, BatchUpload>} */
const known = new Map();

/**
 * Return the batch with this name. It continues while other screens are shown.
 *
 * @param {string} name
 * @returns {BatchUpload}
 */
export function openBatch(name) {
  const upload = known.get(name) ?? new BatchUpload(name);
  known.set(name, upload);
  return upload;
}

/** @returns {string[]} names of the batches opened in this tab */
export function openBatchNames() {
  return [...known.keys()];
}

/** @returns {boolean} whether leaving the page would lose files that are not uploaded yet */
export function hasUnsentFiles() {
  return [...known.values()].some((upload) => upload.unsent > 0);
}

export class BatchUpload {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.handled = handledIn(name);
    /** @type {Map<string, Row>} in order of arrival, by reference; further documents with the same reference also by job */
    this.rows = new Map();
    /** @type {Set<string>} jobs of earlier attempts */
    this.replaced = new Set();
    /** @type {Batch | null} */
    this.batch = null;
    /** @type {unknown} */
    this.error = null;
    /** @type {() => void} */
    this.onchange = () => {};
    this.cursor = 0;
    /** @type {Row[]} */
    this.queue = [];
    this.uploads = 0;
    this.polling = false;
    this.pausedUntil = 0;
  }

  /**
   * Add files. Documents that were uploaded already are skipped.
   *
   * @param {DroppedFile[]} files
   */
  add(files) {
    for (const { file, path } of files.toSorted((one, other) => one.path.localeCompare(other.path))) {
      const reference = referenceFor(path);
      const row = this.rows.get(reference) ?? this.row(reference);
      row.file = file;
      if (row.state === "waiting" && !this.queue.includes(row)) this.queue.push(row);
    }
    this.start();
  }

  /**
   * Upload a failed document again.
   *
   * @param {Row} row with its file
   */
  retry(row) {
    const { job } = row;
    const used = job !== null || row.code === "job_expired"; // an idempotency key belongs to one job
    Object.assign(row, { state: "waiting", job: null, code: "", reason: "", codes: [], attempt: row.attempt + (used ? 1 : 0) });
    // The exports then list the document once.
    if (job) this.replaced.add(job);
    if (job) void send(`jobs/${job}`, { method: "DELETE" }).catch(() => {});
    this.queue.push(row);
    this.start();
  }

  /** Cancel documents that are not uploaded yet, and queued jobs. */
  async cancel() {
    for (const row of this.queue.splice(0)) Object.assign(row, { state: "cancelled", reason: "Cancelled before the upload." });
    if (this.batch) this.batch = await ask(`batches/${this.name}`, { method: "DELETE" });
    this.start();
  }

  /**
   * @param {Row} row
   * @param {boolean} handled
   */
  setHandled(row, handled) {
    row.handled = handled;
    if (handled) this.handled.add(row.reference);
    else this.handled.delete(row.reference);
    storeHandled(this.name, this.handled);
    this.onchange();
  }

  /** @param {State[]} states */
  count(...states) {
    return [...this.rows.values()].filter((row) => states.includes(row.state)).length;
  }

  get unsent() {
    return this.count("waiting", "sending");
  }

  /** Jobs that are queued or running. */
  get open() {
    const here = this.count("queued");
    return Math.max(here, this.batch ? this.batch.queued + this.batch.running : 0);
  }

  /** Estimated seconds until all documents are processed; null while unknown. */
  get secondsLeft() {
    const rate = this.batch?.ended_per_second ?? 0;
    return rate > 0 ? (this.open + this.unsent) / rate : null;
  }

  /** Upload waiting files and poll for results. */
  start() {
    while (this.uploads < Math.min(CONCURRENT_UPLOADS, this.queue.length)) void this.uploadQueue();
    if (!this.polling) void this.poll();
    this.onchange();
  }

  async uploadQueue() {
    this.uploads += 1;
    for (let row = this.queue.shift(); row; row = this.queue.shift()) {
      if (row.state === "waiting") await this.uploadRow(row); // its result may have arrived from an earlier upload
    }
    this.uploads -= 1;
  }

  /** @param {Row} row */
  async uploadRow(row) {
    row.state = "sending";
    this.onchange();
    const { file, reference } = row;
    /** @type {string | null} */
    let key = null;
    for (let attempts = 1; ; attempts += 1) {
      await sleep(this.pausedUntil - Date.now());
      try {
        key ??= await idempotencyKey(this.name, row);
        const fields = form({ file, batch: this.name, reference });
        /** @type {Job} */
        const job = await ask("jobs/extract-face", { method: "POST", body: fields, headers: { "Idempotency-Key": key } });
        row.job = job.id;
        if (row.state === "sending") row.state = "queued"; // the result may have arrived already
        return;
      } catch (error) {
        if (!(error instanceof Problem)) console.error(error);
        const problem = error instanceof Problem ? error : new Problem(0, "unreadable", "The file cannot be read. Check that it still exists and choose it again.");
        if (!problem.retryable || problem.code === "unreadable" || attempts === MAX_ATTEMPTS) {
          Object.assign(row, { state: "unsent", code: problem.code, codes: [problem.code], reason: problem.message });
          return;
        }
        this.pausedUntil = Date.now() + 1000 * (problem.retryAfter || Math.min(2 ** (attempts - 1), MAX_DELAY));
      } finally {
        this.onchange();
      }
    }
  }

  async poll() {
    this.polling = true;
    do {
      try {
        await this.fetchResults();
        this.error = null;
      } catch (error) {
        // The batch does not exist before the first upload is accepted.
        const notYet = error instanceof Problem && error.code === "batch_not_found" && this.rows.size > 0;
        this.error = notYet ? null : error;
        if (error instanceof Problem && !error.retryable && !notYet) break;
      }
      this.onchange();
      await sleep(POLL_INTERVAL);
    } while (this.open + this.unsent > 0 || (this.batch?.cursor ?? 0) > this.cursor);
    this.polling = false;
    this.onchange();
  }

  async fetchResults() {
    this.batch = await ask(`batches/${this.name}`);
    if (this.batch && this.batch.cursor <= this.cursor) return;
    const response = await send(`batches/${this.name}/results?since=${this.cursor}`);
    for await (const line of linesOf(response)) this.applyResult(JSON.parse(line));
  }

  /** @param {BatchResult} result */
  applyResult(result) {
    this.cursor = result.cursor;
    if (this.replaced.has(result.id)) return;
    const reference = result.reference ?? result.id;
    const known = this.rows.get(reference);
    const isOther = known && known.job !== null && known.job !== result.id; // an applicant may send documents again
    const row = isOther ? this.row(reference, `${reference} ${result.id}`) : known ?? this.row(reference);
    Object.assign(row, resultFields(result));
    this.onchange();
  }

  /**
   * @param {string} reference
   * @param {string} [key] if another document has the reference
   */
  row(reference, key = reference) {
    const row = newRow(reference, this.handled.has(reference));
    this.rows.set(key, row);
    return row;
  }
}
