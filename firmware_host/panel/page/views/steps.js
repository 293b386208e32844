// @ts-check
/** The list of steps in the visual editor: add, move, duplicate, remove, type; by touch and by keyboard. */

import { el, field, markField } from "../dom.js";
import { t, told } from "../texts.js";
import { readNumber } from "./parts.js";
import { DEEPEST, kindOf, kinds, range, sentence, setValue, valueIn } from "./steps_model.js";

/** @typedef {(string | number)[]} Path such as ["step", 1, "step", 0] */

export class StepList {
  /**
   * @param {HTMLElement} place
   * @param {(change: () => void, key: string) => void} edit does a change; `key` names what is typed into, empty for a change by itself
   */
  constructor(place, edit) {
    this.place = place;
    this._edit = edit;
    /** @type {any[]} */
    this._steps = [];
    /** Paths of the steps that are open. @type {Set<string>} */
    this._open = new Set();
    /** @type {any[]} */
    this._problems = [];
  }

  /** @param {any[]} steps the document's own: they are written into */
  show(steps) {
    this._steps = steps;
    const focus = document.activeElement instanceof HTMLElement && this.place.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    this.place.replaceChildren(this._list(steps, ["step"], 0));
    this.mark(this._problems);
    if (focus) this._focus(focus);
  }

  /** Open a step, and show it. @param {Path} path */
  open(path) {
    for (let end = 2; end <= path.length; end += 2) this._open.add(path.slice(0, end).join("."));
    this.show(this._steps);
    const place = this.place.querySelector(`[data-step="${path.join(".")}"]`);
    place?.scrollIntoView({ block: "nearest" });
    /** @type {HTMLElement | null | undefined} */ (place?.querySelector("summary"))?.focus();
  }

  /** Mark what is refused where it is. Nobody's focus moves. @param {any[]} problems of the preview */
  mark(problems) {
    this._problems = problems;
    for (const place of this.place.querySelectorAll("[data-field], [data-step]")) markField(place, "");
    /** @type {Map<Element, string[]>} */
    const found = new Map();
    for (const { path, text } of problems) {
      const place = this._placeOf(path, text);
      if (place === null) continue;
      found.set(place, [...(found.get(place) ?? []), told(text)]);
      for (let around = place.closest("[data-step]"); around !== null; around = around.parentElement?.closest("[data-step]") ?? null) {
        around.classList.add("wrong");
      }
    }
    for (const [place, texts] of found) markField(place, texts.join(" "));
  }

  /** @param {Path} path @param {string} text */
  _placeOf(path, text) {
    const step = stepPath(path);
    if (step === null) return null;
    const at = this.place.querySelector(`[data-step="${step.join(".")}"]`);
    if (at === null) return null;
    const key = path.length > step.length ? String(path[step.length]) : text.split(" ")[0]; // what is missing begins with its name
    const id = [...step, key].join(".");
    return at.querySelector(`[data-field="${CSS.escape(id)}"], [data-field="${CSS.escape(`${id}.0`)}"]`) ?? at;
  }

  /** @param {string} key */
  _focus(key) {
    /** @type {HTMLElement | null} */ (this.place.querySelector(`[data-key="${CSS.escape(key)}"]`))?.focus();
  }

  /** @param {any[]} steps @param {Path} path of the list @param {number} depth */
  _list(steps, path, depth) {
    return el("div", { class: "step-list" },
      el("ol", null, steps.map((step, index) => this._step(steps, step, [...path, index], depth))),
      this._adder(steps, path, depth));
  }

  /** @param {any[]} steps @param {Path} path @param {number} depth */
  _adder(steps, path, depth) {
    const key = `${path.join(".")}.add`;
    const offered = kinds().filter((one) => one.do !== "repeat" || depth < DEEPEST);
    const kind = el("select", { "aria-label": t("Kind of the new step"), "data-key": `${key}-kind` }, offered.map((one) => el("option", { value: one.do }, one.title)));
    const name = depth === 0 ? t("Add step") : t("Add step to the repeat");
    return el("div", { class: "adder" }, kind, el("button", { type: "button", "data-key": key, onclick: () => {
      this._edit(() => {
        steps.push({ do: kind.value, ...structuredClone(kindOf(kind.value)?.made ?? {}) });
        this._open.add([...path, steps.length - 1].join("."));
      }, "");
      this._focus(`${[...path, steps.length - 1].join(".")}.summary`);
    } }, `+ ${name}`));
  }

  /** @param {any[]} steps @param {any} step @param {Path} path @param {number} depth */
  _step(steps, step, path, depth) {
    const id = path.join(".");
    const index = Number(path[path.length - 1]);
    const kind = kindOf(step.do);
    const words = el("span", { class: "words" }, sentence(step));
    const details = el("details", { open: this._open.has(id), ontoggle: () => {
      if (details.open) this._open.add(id);
      else this._open.delete(id);
    } },
    el("summary", { "data-key": `${id}.summary` }, el("span", { class: "number" }, `${index + 1}`), words),
    el("div", { class: "fields" }, (kind?.values ?? []).map((value) => this._value(step, value, id, words))),
    step.do === "repeat" && Array.isArray(step.step) ? this._list(step.step, [...path, "step"], depth + 1) : null,
    this._tools(steps, step, path));
    return el("li", { class: "step", dataset: { step: id } }, details, el("p", { class: "problem" }));
  }

  /** @param {any} step @param {import("./steps_model.js").Value} value @param {string} id @param {HTMLElement} words */
  _value(step, value, id, words) {
    const key = `${id}.${value.name}`;
    const place = field({
      label: value.label, name: key, unit: value.unit, hint: range(value), inputmode: value.whole ? "numeric" : "decimal",
      value: valueIn(step, value.name) ?? "", placeholder: value.otherwise === undefined ? null : String(value.otherwise),
      autocomplete: "off", "data-key": key,
      oninput: (/** @type {Event} */ event) => this._edit(() => {
        setValue(step, value.name, readNumber(/** @type {HTMLInputElement} */ (event.target).value));
        words.textContent = sentence(step);
        if (step.do === "oscillate") this._empty(id, step);
      }, key),
    });
    return place;
  }

  /** What the other one of cycles and time has replaced is no longer written. @param {string} id @param {any} step */
  _empty(id, step) {
    for (const name of ["cycles", "for_s"]) {
      const input = this.place.querySelector(`input[data-key="${CSS.escape(`${id}.${name}`)}"]`);
      if (input instanceof HTMLInputElement && step[name] === undefined && input !== document.activeElement) input.value = "";
    }
  }

  /** @param {any[]} steps @param {any} step @param {Path} path */
  _tools(steps, step, path) {
    const index = Number(path[path.length - 1]);
    const id = path.join(".");
    const at = (/** @type {number} */ place) => [...path.slice(0, -1), place].join(".");
    const named = (/** @type {string} */ text) => `${text}: ${sentence(step)}`;
    const move = (/** @type {number} */ to, /** @type {string} */ key) => {
      this._edit(() => {
        steps.splice(index, 1);
        steps.splice(to, 0, step);
        this._swap(at(index), at(to));
      }, "");
      this._focus(`${at(to)}.${key}`);
    };
    return el("div", { class: "actions tools" },
      el("button", { type: "button", "data-key": `${id}.up`, "aria-label": named(t("Move up")), disabled: index === 0, onclick: () => move(index - 1, index === 1 ? "down" : "up") }, "↑"),
      el("button", { type: "button", "data-key": `${id}.down`, "aria-label": named(t("Move down")), disabled: index === steps.length - 1, onclick: () => move(index + 1, index === steps.length - 2 ? "up" : "down") }, "↓"),
      el("button", { type: "button", "aria-label": named(t("Duplicate")), onclick: () => {
        this._edit(() => {
          steps.splice(index + 1, 0, structuredClone(step));
          this._open.clear();
          for (let end = 2; end < path.length; end += 2) this._open.add(path.slice(0, end).join("."));
          this._open.add(at(index + 1));
        }, "");
        this._focus(`${at(index + 1)}.summary`);
      } }, t("Duplicate")),
      el("button", { type: "button", class: "danger", "aria-label": named(t("Remove")), onclick: () => {
        this._edit(() => {
          steps.splice(index, 1);
          for (const one of this._open) if (one === id || one.startsWith(`${id}.`)) this._open.delete(one);
        }, "");
        this._focus(steps.length === 0 ? `${path.slice(0, -1).join(".")}.add` : `${at(Math.min(index, steps.length - 1))}.summary`);
      } }, t("Remove")));
  }

  /** Two steps have changed places: so have those that are open in them. @param {string} one @param {string} other */
  _swap(one, other) {
    const renamed = (/** @type {string} */ path) => {
      for (const [from, to] of [[one, other], [other, one]]) {
        if (path === from || path.startsWith(`${from}.`)) return to + path.slice(from.length);
      }
      return path;
    };
    this._open = new Set([...this._open].map(renamed));
  }
}

/** The part of a path that leads to a step; null where it leads to none. @param {Path} path @returns {Path | null} */
export function stepPath(path) {
  let end = 0;
  while (path[end] === "step" && typeof path[end + 1] === "number") end += 2;
  return end === 0 ? null : path.slice(0, end);
}
