// @ts-check
/** The hint beside STOP, and questions. Neither ever covers STOP. */

import { el, write } from "./dom.js";
import { t } from "./texts.js";

const HINT_MS = 5000;

/** A sentence for a few seconds; where the hard-wired stop is, otherwise. */
export class Hint {
  /** @param {HTMLElement} element */
  constructor(element) {
    this._element = element;
    this._until_ms = 0;
    this.rest();
  }

  /** @param {string} text @param {boolean} [bad] */
  show(text, bad = false) {
    if (text === "") return;
    this._until_ms = performance.now() + HINT_MS;
    this._element.classList.toggle("bad", bad);
    write(this._element, text);
  }

  /** Look whether it was there long enough. */
  age() {
    if (this._until_ms !== 0 && performance.now() > this._until_ms) this.rest();
  }

  /** Say what is always true. */
  rest() {
    this._until_ms = 0;
    this._element.classList.remove("bad");
    write(this._element, t("The hard-wired emergency stop is at the table. This screen is not one."));
  }
}

/**
 * Ask, with the rest of the page (but never STOP) out of reach. Escape says no.
 *
 * @param {string} text
 * @param {string} yes
 * @param {string} no has the focus first
 * @returns {Promise<boolean>}
 */
export function ask(text, yes, no) {
  const main = /** @type {HTMLElement} */ (document.querySelector("main"));
  const before = document.activeElement;
  return new Promise((resolve) => {
    /** @param {boolean} answer */
    const done = (answer) => {
      dialog.remove();
      main.inert = false;
      if (before instanceof HTMLElement) before.focus();
      resolve(answer);
    };
    const refuse = el("button", { type: "button", onclick: () => done(false) }, no);
    const dialog = el("dialog", {
      class: "question", "aria-label": text,
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key === "Escape") done(false);
      },
    }, el("p", null, text), el("div", { class: "answers" },
      el("button", { type: "button", class: "primary", onclick: () => done(true) }, yes), refuse));
    document.body.append(dialog);
    main.inert = true;
    dialog.show();
    refuse.focus();
  });
}
