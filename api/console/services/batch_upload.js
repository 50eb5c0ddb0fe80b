// A batch on its way: files go out a few at a time, what has ended comes back by the batch's cursor.

/** @import { Batch, BatchResult, Comparison, Extraction, Job } from "./types.js" */
/** @import { Found } from "../components/drop_area.js" */
import { Problem, ask, form, send } from "./api.js";
import { keyOf, linesOf, referenceOf, sleep } from "./uploads.js";
import { comparisonWarning, fileWarnings, sentence, warning } from "../lib/format.js";

const AT_ONCE = 6; // uploads: what a browser sends to one host at a time
const LOOK_EVERY = 1000; // milliseconds
const TRIES = 8; // of one upload that the service cannot take now; each pause is twice the one before
const LONGEST_PAUSE = 30; // seconds

/** @typedef {"waiting" | "sending" | "queued" | "succeeded" | "failed" | "cancelled" | "unsent"} State */

/**
 * One job. `picture` and `score` come with a portrait, `verdict` with a comparison (which only programs send), `warnings`
 * with both, `code` and `reason` with a failure; `job` is null until it was accepted, `file` where the batch was opened by
 * name.
 *
 * @typedef {object} Row
 * @property {string} reference
 * @property {State} state
 * @property {File | null} file
 * @property {string | null} job
 * @property {number} attempt
 * @property {string} picture
 * @property {number | null} score
 * @property {string} verdict
 * @property {string[]} warnings
 * @property {string} code
 * @property {string} reason
 */

/** @type {Map<string, Intake>} */
const known = new Map();

/**
 * Return the batch of this name; one that is on its way goes on while other screens are shown.
 *
 * @param {string} name
 * @returns {Intake}
 */
export function intakeOf(name) {
  const intake = known.get(name) ?? new Intake(name);
  known.set(name, intake);
  return intake;
}

/** @returns {string[]} the batches that were opened in this tab */
export function openedBatches() {
  return [...known.keys()];
}

/** @returns {boolean} whether a file would be lost if the page were left now */
export function unsentFiles() {
  return [...known.values()].some((intake) => intake.unsent > 0);
}

export class Intake {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    /** @type {Map<string, Row>} by reference, in the order of arrival */
    this.rows = new Map();
    /** @type {Batch | null} */
    this.batch = null;
    /** @type {unknown} */
    this.error = null;
    /** @type {() => void} */
    this.onchange = () => {};
    this.cursor = 0;
    /** @type {Row[]} */
    this.queue = [];
    this.senders = 0;
    this.following = false;
    this.pausedUntil = 0;
  }

  /** @param {Found[]} found files that are there already, and have not failed, are left alone */
  add(found) {
    for (const { file, path } of found.toSorted((one, other) => one.path.localeCompare(other.path))) {
      const reference = referenceOf(path);
      const row = this.rows.get(reference) ?? this.row(reference);
      row.file = file;
      if (row.state === "waiting" && !this.queue.includes(row)) this.queue.push(row);
    }
    this.go();
  }

  /** @param {Row} row that failed, with its file */
  retry(row) {
    const { job } = row;
    const spent = job !== null || row.code === "job_expired"; // a key names one job, for better or worse
    Object.assign(row, { state: "waiting", job: null, code: "", reason: "", attempt: row.attempt + (spent ? 1 : 0) });
    // So that the exports name the document once.
    if (job) void send(`jobs/${job}`, { method: "DELETE" }).catch(() => {});
    this.queue.push(row);
    this.go();
  }

  /** Take back what the service has not begun, and what was not sent. */
  async cancel() {
    for (const row of this.queue.splice(0)) Object.assign(row, { state: "cancelled", reason: "Not sent." });
    if (this.batch) this.batch = await ask(`batches/${this.name}`, { method: "DELETE" });
    this.go();
  }

  /** @param {State[]} states */
  count(...states) {
    return [...this.rows.values()].filter((row) => states.includes(row.state)).length;
  }

  get unsent() {
    return this.count("waiting", "sending");
  }

  /** Jobs that the service has not ended. */
  get open() {
    const here = this.count("queued");
    return Math.max(here, this.batch ? this.batch.queued + this.batch.running : 0);
  }

  /** Seconds until all have ended; null while nobody can tell. */
  get secondsLeft() {
    const rate = this.batch?.ended_per_second ?? 0;
    return rate > 0 ? (this.open + this.unsent) / rate : null;
  }

  /** Send what waits and look for what has ended. */
  go() {
    while (this.senders < Math.min(AT_ONCE, this.queue.length)) void this.sendQueue();
    if (!this.following) void this.follow();
    this.onchange();
  }

  async sendQueue() {
    this.senders += 1;
    for (let row = this.queue.shift(); row; row = this.queue.shift()) {
      if (row.state === "waiting") await this.sendRow(row); // an upload of an earlier visit may have ended meanwhile
    }
    this.senders -= 1;
  }

  /** @param {Row} row */
  async sendRow(row) {
    row.state = "sending";
    this.onchange();
    const { file, reference } = row;
    /** @type {string | null} */
    let key = null;
    for (let tries = 1; ; tries += 1) {
      await sleep(this.pausedUntil - Date.now());
      try {
        key ??= await keyOf(this.name, row);
        const fields = form({ file, batch: this.name, reference });
        /** @type {Job} */
        const job = await ask("jobs/extract-face", { method: "POST", body: fields, headers: { "Idempotency-Key": key } });
        row.job = job.id;
        if (row.state === "sending") row.state = "queued"; // it may have ended already
        return;
      } catch (error) {
        if (!(error instanceof Problem)) console.error(error);
        const problem = error instanceof Problem ? error : new Problem(0, "unreadable", "The file cannot be read.");
        if (!problem.passes || problem.code === "unreadable" || tries === TRIES) {
          Object.assign(row, { state: "unsent", code: problem.code, reason: problem.message });
          return;
        }
        this.pausedUntil = Date.now() + 1000 * (problem.retryAfter || Math.min(2 ** (tries - 1), LONGEST_PAUSE));
      } finally {
        this.onchange();
      }
    }
  }

  async follow() {
    this.following = true;
    do {
      try {
        await this.look();
        this.error = null;
      } catch (error) {
        // Before the first upload has arrived there is no batch yet.
        const early = error instanceof Problem && error.code === "batch_not_found" && this.rows.size > 0;
        this.error = early ? null : error;
        if (error instanceof Problem && !error.passes && !early) break;
      }
      this.onchange();
      await sleep(LOOK_EVERY);
    } while (this.open + this.unsent > 0 || (this.batch?.cursor ?? 0) > this.cursor);
    this.following = false;
    this.onchange();
  }

  async look() {
    this.batch = await ask(`batches/${this.name}`);
    if (this.batch && this.batch.cursor <= this.cursor) return;
    const response = await send(`batches/${this.name}/results?since=${this.cursor}`);
    for await (const line of linesOf(response)) this.take(JSON.parse(line));
  }

  /** @param {BatchResult} result */
  take(result) {
    this.cursor = result.cursor;
    const reference = result.reference ?? result.id;
    const row = this.rows.get(reference) ?? this.row(reference);
    if (row.job !== null && row.job !== result.id) return; // of an attempt before this one
    Object.assign(row, { state: result.status, job: result.id });
    if (result.error) Object.assign(row, { code: result.error.code, reason: result.error.detail });
    if (result.result && "face_image" in result.result) {
      const { face_image: picture, metadata } = /** @type {Extraction} */ (result.result);
      const warnings = [...fileWarnings(metadata), ...metadata.quality.warnings.map(warning)];
      Object.assign(row, { picture, score: metadata.confidence, warnings });
    } else if (result.result) {
      const comparison = /** @type {Comparison} */ (result.result);
      const warnings = comparison.warnings ?? []; // results of an older version have none
      Object.assign(row, { verdict: sentence(comparison), warnings: warnings.map(comparisonWarning) });
    }
    this.onchange();
  }

  /** @param {string} reference */
  row(reference) {
    /** @type {Row} */
    const row = {
      reference, state: "waiting", file: null, job: null, attempt: 1,
      picture: "", score: null, verdict: "", warnings: [], code: "", reason: "",
    };
    this.rows.set(reference, row);
    return row;
  }
}
