// @ts-check
/** The banner: the most urgent alarm on every route, the others on demand. What is an alarm, the controller decides. */

import { el, write } from "./dom.js";
import { t, tn, told } from "./texts.js";
import { priorityText } from "./words.js";

/** @typedef {{id: string, priority: "HIGH" | "MEDIUM" | "LOW", cause: string, instruction: string, present: boolean, acknowledged: boolean}} Alarm */

const MARKS = { HIGH: "!!!", MEDIUM: "!!", LOW: "!" };

export class Banner {
  /** @param {HTMLElement} section @param {import("./sound.js").Sound} sound @param {(name: string) => void} press */
  constructor(section, sound, press) {
    this._section = section;
    this._sound = sound;
    const find = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (section.querySelector(selector));
    this._lamp = find(".lamp span");
    this._priority = find(".priority");
    this._instruction = find(".instruction");
    this._cause = find(".cause");
    this._all = find("#all-alarms");
    this._more = /** @type {HTMLButtonElement} */ (find("#more-alarms"));
    this._seen = /** @type {HTMLButtonElement} */ (find("#acknowledge"));
    this._pause = /** @type {HTMLButtonElement} */ (find("#pause"));
    this._seen.addEventListener("click", () => press("acknowledge"));
    this._pause.addEventListener("click", () => {
      if (sound.allowed()) press("pause_audio");
    });
    this._more.addEventListener("click", () => {
      this._all.hidden = !this._all.hidden;
      this._more.setAttribute("aria-expanded", String(!this._all.hidden));
    });
  }

  /** @param {any} state */
  show(state) {
    /** @type {Alarm[]} */
    const alarms = state.alarms;
    const first = alarms[0];
    this._section.hidden = first === undefined;
    this._sound.show(state.sounding);
    if (first === undefined) {
      this._all.hidden = true;
      return;
    }
    this._section.dataset.priority = first.priority;
    this._section.classList.toggle("seen", first.acknowledged);
    this._section.classList.toggle("gone", !first.present);
    write(this._lamp, MARKS[first.priority]);
    write(this._priority, priorityText(first.priority));
    write(this._instruction, told(first.instruction));
    write(this._cause, says(first));
    // Alone, an alarm has more to say only where a small screen folds it: the style sheet knows where.
    this._section.classList.toggle("alone", alarms.length < 2);
    this._more.hidden = alarms.length < 2 && first.cause === "";
    write(this._more, alarms.length < 2 ? t("Details") : tn("and 1 more", "and {count} more", alarms.length - 1));
    this._more.setAttribute("aria-expanded", String(!this._all.hidden));
    if (!this._all.hidden) this._list(alarms);
    this._answers(state, first);
  }

  /** Nothing is known: the sound must not go on as if it were. */
  silence() {
    this._sound.show(null);
  }

  /** @param {any} state @param {Alarm} first */
  _answers(state, first) {
    const latched = first.priority !== "LOW" || state.alarms.some((/** @type {Alarm} */ one) => !one.present);
    this._seen.hidden = !latched;
    write(this._seen, first.acknowledged ? t("Seen") : t("Alarm seen"));
    const left_s = state.audio_pause_left_s;
    this._pause.hidden = state.sounding === null && left_s <= 0;
    this._pause.disabled = left_s > 0;
    const unpaused = this._sound.allowed() ? t("Pause sound") : t("Touch for sound");
    write(this._pause, left_s > 0 ? t("Sound paused, {left} s left", { left: Math.ceil(left_s) }) : unpaused);
  }

  /** @param {Alarm[]} alarms */
  _list(alarms) {
    while (this._all.children.length > alarms.length) this._all.lastElementChild?.remove();
    while (this._all.children.length < alarms.length) {
      this._all.append(el("li", null, el("span", { class: "mark", "aria-hidden": "true" }), el("div", null,
        el("p", { class: "instruction" }), el("p", { class: "cause" }))));
    }
    for (const [index, alarm] of alarms.entries()) {
      const [mark, text] = this._all.children[index].children;
      write(mark, MARKS[alarm.priority]);
      write(text.children[0], told(alarm.instruction));
      write(text.children[1], [priorityText(alarm.priority), says(alarm), alarm.present ? "" : t("the cause is gone")]
        .filter((part) => part !== "").join(" · "));
    }
  }
}

/** @param {Alarm} alarm */
function says(alarm) {
  return alarm.cause === "" ? "" : `${alarm.id}: ${told(alarm.cause)}`;
}
