// The state of Redis: version, memory, persistence, replication, and what to do about problems.

/** @import { RedisServer } from "../services/types.js" */
import { fill, h } from "../lib/dom.js";
import { ago, duration, number, secondsSince, size } from "../lib/format.js";
import { notice } from "./feedback.js";

const FULL = 80; // percent of the memory

/** @returns {{element: HTMLElement, draw: (server: RedisServer | null, asOf: Date) => void}} */
export function redisPanel() {
  const content = h("div", {});
  return {
    element: h("section", { class: "card" }, h("h2", {}, "Redis"), content),
    draw(server, asOf) {
      if (server === null) {
        fill(content, notice(h("p", {}, "Redis responds, but its command INFO is not allowed or not complete, so its state is not known.")));
        return;
      }
      const values = Object.entries(properties(server, asOf)).filter(([, value]) => value !== null);
      fill(
        content,
        ...warnings(server).map((text) => notice(h("p", {}, text))),
        h("dl", { class: "properties" }, ...values.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
      );
    },
  };
}

/**
 * @param {RedisServer} server
 * @param {Date} asOf
 * @returns {Record<string, string | null>} null where there is nothing to show
 */
function properties(server, asOf) {
  const written = server.append_ok ? "last write succeeded" : "last write failed";
  const saved = server.snapshot_ok ? "succeeded" : "failed";
  return {
    Server: `${server.product} ${server.version}, ${server.role}`,
    "Responds in": `${number(server.ping_milliseconds)} ms`,
    "Running for": duration(secondsSince(server.started_at, asOf)),
    Memory: memory(server),
    "Eviction policy": server.eviction_policy,
    "Append-only file": server.append_only_file ? `on, ${written}` : "off",
    "Last snapshot": `${saved}, ${ago(secondsSince(server.snapshot_at, asOf))}`,
    Clients: number(server.clients),
    Replicas: number(server.replicas),
    "Primary of the Sentinels": server.sentinel_primary,
  };
}

/**
 * @param {RedisServer} server
 * @returns {string}
 */
function memory({ used_memory_bytes: used, max_memory_bytes: limit }) {
  return limit === null ? `${size(used)}, no limit` : `${size(used)} of ${size(limit)} (${number((100 * used) / limit)}%)`;
}

/**
 * @param {RedisServer} server
 * @returns {string[]} problems, and what to do about each
 */
function warnings(server) {
  const limit = server.max_memory_bytes;
  const problems = {
    "Redis may delete jobs when its memory is full. Set maxmemory-policy to noeviction.": server.eviction_policy !== "noeviction",
    [`More than ${FULL}% of the memory is used. Redis refuses jobs when it is full. Raise maxmemory, or add workers.`]:
      limit !== null && (100 * server.used_memory_bytes) / limit > FULL,
    "Redis cannot write its append-only file. Check the disk of Redis.": server.append_ok === false,
    "The last snapshot failed. Check the disk of Redis.": !server.snapshot_ok,
    "Jobs are not in a file: a restart of Redis can lose them. Set appendonly to yes.": !server.append_only_file,
    "This server is a replica. Connect the service to the primary.": server.role === "replica",
  };
  return Object.entries(problems).flatMap(([text, applies]) => (applies ? [text] : []));
}
