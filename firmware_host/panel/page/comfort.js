// @ts-check
/** How a rider feels, 0 to 10: asked calmly, never demanded. */

import { el } from "./dom.js";
import { t } from "./texts.js";

const SCALE = 10;

/**
 * Eleven choices in a row.
 * @param {string} name @param {string} question @param {(value: number) => void} chosen
 */
export function comfortScale(name, question, chosen) {
  const choices = Array.from({ length: SCALE + 1 }, (_, value) => el("label", { class: "choice" },
    el("input", { type: "radio", name, value, onchange: () => chosen(value) }), value));
  return el("fieldset", { class: "comfort" },
    el("legend", null, question, " ", el("span", { class: "quiet-text" }, t("0: bad, 10: very well. It may be left out."))),
    el("div", { class: "choices" }, choices));
}
