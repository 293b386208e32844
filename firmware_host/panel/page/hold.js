// @ts-check
/**
 * A button that moves the table as long as it is held, by finger or by Enter.
 *
 * Whatever takes the hold away ends it: the finger lifted, or lost to a gesture of the system; focus, page or screen gone;
 * the connection. It never goes on by itself: the next motion takes a new press.
 */

import { el } from "./dom.js";

/** @param {import("./app.js").App} app @param {-1 | 1} direction @param {string} text */
export function holdButton(app, direction, text) {
  /** @type {(() => void) | null} */
  let letGo = null;
  const button = el("button", { type: "button", class: "hold" }, text);
  const begin = () => {
    if (letGo !== null || button.disabled || app.stale() || !app.awake()) return;
    button.classList.add("held");
    let over = false;
    const release = app.hold(direction, () => {
      over = true;
      letGo = null;
      button.classList.remove("held");
    });
    if (!over) letGo = release; // without a connection it is over at once
  };
  const end = () => letGo?.();
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    begin();
  });
  for (const kind of ["pointerup", "pointercancel", "lostpointercapture", "blur", "contextmenu"]) {
    button.addEventListener(kind, end);
  }
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) begin();
  });
  button.addEventListener("keyup", (event) => {
    if (event.key === "Enter") end();
  });
  const gone = () => {
    if (document.visibilityState !== "visible") end();
  };
  addEventListener("blur", end);
  addEventListener("pagehide", end);
  document.addEventListener("visibilitychange", gone);
  return {
    button,
    end,
    leave: () => {
      end();
      removeEventListener("blur", end);
      removeEventListener("pagehide", end);
      document.removeEventListener("visibilitychange", gone);
    },
  };
}
