// @ts-check
/**
 * STOP and RETURN UPRIGHT by keyboard, on every route.
 *
 * Outside of text the space bar is STOP and U is RETURN UPRIGHT, whatever has the focus. Where text is typed, they are
 * letters, so there Escape is STOP and F9 is RETURN UPRIGHT. Pause and F9 work everywhere. The buttons say which key is
 * theirs at the moment. As the space bar presses no other button, Enter ticks boxes.
 */

import { t } from "./texts.js";

const TYPED = new Set(["text", "search", "email", "url", "tel", "password", "number", "date", "time", "datetime-local"]);

/** @param {Element | null} element @returns {boolean} somebody types text there */
function takesText(element) {
  if (element instanceof HTMLInputElement) return TYPED.has(element.type) && !element.readOnly;
  return element instanceof HTMLTextAreaElement || (element instanceof HTMLElement && element.isContentEditable);
}

/** @param {KeyboardEvent} event @returns {"stop" | "return_upright" | null} */
function meant(event) {
  if (event.key === "Pause") return "stop";
  if (event.key === "F9") return "return_upright";
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  if (takesText(document.activeElement)) return event.key === "Escape" ? "stop" : null;
  if (event.key === " ") return "stop";
  return event.key === "u" || event.key === "U" ? "return_upright" : null;
}

/**
 * @param {(name: "stop" | "return_upright") => void} press
 * @param {{stop: HTMLElement, return_upright: HTMLElement}} names where the keys are named
 * @returns {() => void} names them again: in another language
 */
export function listenToKeys(press, names) {
  let swallow = "";
  addEventListener("keydown", (event) => {
    const name = meant(event);
    if (name !== null) {
      event.preventDefault(); // the space bar presses no button but STOP
      event.stopPropagation(); // and Escape closes nothing on the way
      swallow = event.key;
      if (!event.repeat) press(name);
      return;
    }
    const at = document.activeElement;
    if (event.key === "Enter" && at instanceof HTMLInputElement && ["checkbox", "radio"].includes(at.type)) {
      event.preventDefault();
      if (!event.repeat) at.click();
    }
  }, { capture: true });
  addEventListener("keyup", (event) => {
    if (event.key === swallow || (event.key === " " && !takesText(document.activeElement))) event.preventDefault();
    swallow = "";
  }, { capture: true });
  const name = () => {
    const typing = takesText(document.activeElement);
    names.stop.textContent = typing ? t("Esc") : t("Space");
    names.return_upright.textContent = typing ? "F9" : "U";
  };
  addEventListener("focusin", name);
  addEventListener("focusout", () => setTimeout(name));
  name();
  return name;
}
