// The API key: requested once in a dialog, kept in sessionStorage until the tab is closed.

const NAME = "api-key";

const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("key-dialog"));
const removeButton = /** @type {HTMLButtonElement} */ (document.getElementById("remove-key"));

/** @type {Promise<boolean> | null} */
let pending = null;

/** @returns {string | null} */
export function apiKey() {
  return sessionStorage.getItem(NAME);
}

/**
 * Ask the user for a key. Concurrent calls share one dialog.
 *
 * @param {string} why the service's message
 * @returns {Promise<boolean>} whether a key was entered
 */
export function requestApiKey(why) {
  pending ??= showDialog(why).finally(() => (pending = null));
  return pending;
}

/** Show the button that removes the key, if there is one. */
export function updateKeyButton() {
  removeButton.hidden = apiKey() === null;
}

removeButton.addEventListener("click", () => {
  sessionStorage.removeItem(NAME);
  location.reload();
});

/**
 * @param {string} why
 * @returns {Promise<boolean>}
 */
function showDialog(why) {
  const problem = /** @type {HTMLElement} */ (dialog.querySelector(".problem"));
  const input = /** @type {HTMLInputElement} */ (dialog.querySelector("input"));
  problem.textContent = why;
  problem.hidden = apiKey() === null; // the first request has no key to reject
  input.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        const given = dialog.returnValue === "use" && input.value.trim() !== "";
        if (given) sessionStorage.setItem(NAME, input.value.trim());
        updateKeyButton();
        resolve(given);
      },
      { once: true },
    );
  });
}
