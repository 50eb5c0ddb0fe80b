// The API key, where the service wants one: asked for once, kept by the tab until it is closed.

const NAME = "api-key";

const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("ask"));
const forget = /** @type {HTMLButtonElement} */ (document.getElementById("forget"));

/** @type {Promise<boolean> | null} */
let asking = null;

/** @returns {string | null} */
export function key() {
  return sessionStorage.getItem(NAME);
}

/**
 * Ask for a key; questions that come while it is asked for share the answer.
 *
 * @param {string} why what the service said
 * @returns {Promise<boolean>} whether one was given
 */
export function askForKey(why) {
  asking ??= ask(why).finally(() => (asking = null));
  return asking;
}

/** Show whether there is a key to forget. */
export function showKey() {
  forget.hidden = key() === null;
}

forget.addEventListener("click", () => {
  sessionStorage.removeItem(NAME);
  location.reload();
});

/**
 * @param {string} why
 * @returns {Promise<boolean>}
 */
function ask(why) {
  const problem = /** @type {HTMLElement} */ (dialog.querySelector(".problem"));
  const input = /** @type {HTMLInputElement} */ (dialog.querySelector("input"));
  problem.textContent = why;
  problem.hidden = key() === null; // nobody has been refused yet
  input.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        const given = dialog.returnValue === "use" && input.value.trim() !== "";
        if (given) sessionStorage.setItem(NAME, input.value.trim());
        showKey();
        resolve(given);
      },
      { once: true },
    );
  });
}
