// Documents that were marked as handled: kept in sessionStorage, by batch.

/**
 * Return the references that are marked as handled.
 *
 * @param {string} batch
 * @returns {Set<string>}
 */
export function handledIn(batch) {
  return new Set(JSON.parse(sessionStorage.getItem(keyFor(batch)) ?? "[]"));
}

/**
 * @param {string} batch
 * @param {Set<string>} references
 */
export function storeHandled(batch, references) {
  sessionStorage.setItem(keyFor(batch), JSON.stringify([...references]));
}

/** @param {string} batch */
function keyFor(batch) {
  return `handled:${batch}`;
}
