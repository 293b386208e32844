// @ts-check
/** The curve of a program: small in the library, large in the editor with limits, refused steps and the simulated run. */

import { svg } from "../dom.js";
import * as format from "../format.js";
import { t } from "../texts.js";

/** Height in pixels, and the most of the screen's. */
const SMALLEST = 150;
const MOST_OF_SCREEN = 0.42;

/** @typedef {[number, number][]} Points time in s and angle in degrees */

class Scale {
  /** @param {{width: number, height: number, left: number, right: number, top: number, bottom: number}} box @param {number} total_s @param {number} low_deg @param {number} high_deg */
  constructor(box, total_s, low_deg, high_deg) {
    this.box = box;
    this._total_s = Math.max(total_s, 1);
    this._low_deg = low_deg;
    this._high_deg = high_deg;
  }

  /** @param {number} t_s */
  x(t_s) {
    const { left, right, width } = this.box;
    return round(left + (t_s / this._total_s) * (width - left - right));
  }

  /** @param {number} angle_deg */
  y(angle_deg) {
    const { top, bottom, height } = this.box;
    return round(top + ((this._high_deg - angle_deg) / (this._high_deg - this._low_deg)) * (height - top - bottom));
  }

  /** @param {Points} points */
  path(points) {
    return points.map(([t_s, angle_deg], index) => `${index === 0 ? "M" : "L"}${this.x(t_s)} ${this.y(angle_deg)}`).join("");
  }
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}

/**
 * The small picture of a program in the library.
 * @param {Points} points @param {string} name of the program
 */
export function thumbnail(points, name) {
  const box = { width: 160, height: 72, left: 2, right: 2, top: 3, bottom: 3 };
  const picture = svg("svg", { viewBox: `0 0 ${box.width} ${box.height}`, class: "thumbnail", role: "img", "aria-label": t("Curve of {name}", { name }) });
  if (points.length === 0) return picture;
  const angles = points.map(([, angle_deg]) => angle_deg);
  const scale = new Scale(box, points[points.length - 1][0], Math.min(...angles, -75) - 3, Math.max(...angles, 30) + 3);
  picture.append(svg("line", { class: "flat", x1: 0, x2: box.width, y1: scale.y(0), y2: scale.y(0) }),
    svg("path", { class: "plan", d: scale.path(points) }));
  return picture;
}

/** When the time above horizontal reaches a bound; null if it never does. @param {Points} points @param {number} bound_s */
function reached(points, bound_s) {
  let inverted_s = 0;
  for (let index = 1; index < points.length; index += 1) {
    const [[from_s, from_deg], [to_s, to_deg]] = [points[index - 1], points[index]];
    const above = from_deg > 0 && to_deg > 0 ? 1 : from_deg <= 0 && to_deg <= 0 ? 0 : Math.max(from_deg, to_deg) / Math.abs(to_deg - from_deg);
    inverted_s += above * (to_s - from_s);
    if (inverted_s > bound_s) return to_s;
  }
  return null;
}

export class ProgramCurve {
  /** @param {HTMLElement} place @param {(step: number) => void} opened a mark of a refused step was pressed */
  constructor(place, opened) {
    this._place = place;
    this._opened = opened;
    /** @type {any} */
    this._shown = null;
    this._observer = new ResizeObserver(() => this._draw());
    this._observer.observe(place);
  }

  close() {
    this._observer.disconnect();
  }

  /** @param {any} shown an answer of the preview, with `simulated` points where there was a run */
  show(shown) {
    this._shown = shown;
    this._draw();
  }

  _draw() {
    const shown = this._shown;
    const width = Math.floor(this._place.clientWidth);
    if (shown === null || width < 50) return;
    const height = Math.max(SMALLEST, Math.min(Math.round(width * 0.55), Math.round(innerHeight * MOST_OF_SCREEN)));
    const box = { width, height, left: 46, right: 10, top: 24, bottom: 24 };
    /** @type {Points} */
    const both = [...shown.curve, ...(shown.simulated ?? [])];
    const total_s = Math.max(shown.total_s ?? 0, ...both.map(([t_s]) => t_s), 60);
    const highest = Math.max(shown.limit_deg ?? 0, ...both.map(([, angle_deg]) => angle_deg), 10);
    const scale = new Scale(box, total_s, (shown.upright_deg ?? -75) - 6, highest + 8);
    const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": this._words() });
    picture.append(...this._times(scale, total_s), ...this._refused(scale), ...this._levels(scale), ...this._allowance(scale));
    if (shown.curve.length > 0) picture.append(svg("path", { class: shown.old ? "plan old" : "plan", d: scale.path(shown.curve) }));
    if (shown.simulated) picture.append(svg("path", { class: "simulated", d: scale.path(shown.simulated) }));
    this._place.replaceChildren(picture, ...this._marks(scale));
  }

  /** What there is to see, for those who do not see it. */
  _words() {
    const { curve, highest_deg: highest, total_s: total, limit_deg: limit } = this._shown;
    if (curve.length === 0) return t("No curve yet");
    return t("Curve of the program: {total}, highest {highest}, limit {limit}", {
      total: format.duration(total), highest: format.angle(highest, 0), limit: format.angle(limit, 0) });
  }

  /** @param {Scale} scale */
  _levels(scale) {
    const { limit_deg: limit, upright_deg: upright } = this._shown;
    const { left, width, right } = scale.box;
    return [[limit, "bound", t("limit")], [0, "flat", ""], [upright, "upright", t("upright")]].flatMap(([angle, kind, name]) => {
      if (angle === null || angle === undefined) return [];
      const y = scale.y(Number(angle));
      const number = svg("text", { class: `axis ${kind}`, x: left - 6, y: y + 5, "text-anchor": "end" }, format.angle(Number(angle), 0));
      // The curve begins and ends upright: the word stands between.
      const place = kind === "upright" ? { x: (width + left) / 2, "text-anchor": "middle" } : { x: width - right - 4, "text-anchor": "end" };
      const words = svg("text", { class: `axis ${kind}`, y: y - 5, ...place }, String(name));
      return [svg("line", { class: `level ${kind}`, x1: left, x2: width - right, y1: y, y2: y }), number, words];
    });
  }

  /** @param {Scale} scale @param {number} total_s */
  _times(scale, total_s) {
    const { height, bottom, top, right, width } = scale.box;
    const every_s = [15, 30, 60, 120, 300, 600, 900, 1800].find((one) => (total_s / one) * 64 < width) ?? 3600;
    const found = [];
    for (let t_s = 0; t_s <= total_s; t_s += every_s) {
      const x = scale.x(t_s);
      const anchor = t_s === 0 ? "start" : x > width - right - 18 ? "end" : "middle";
      found.push(svg("line", { class: "tick", x1: x, x2: x, y1: top, y2: height - bottom }),
        svg("text", { class: "axis", x, y: height - 6, "text-anchor": anchor }, format.duration(t_s)));
    }
    return found;
  }

  /** Where the allowance of time inverted is used up. @param {Scale} scale */
  _allowance(scale) {
    const { curve, allowance_s: allowance } = this._shown;
    const at_s = allowance === null ? null : reached(curve, allowance);
    if (at_s === null) return [];
    const { top, height, bottom } = scale.box;
    const x = scale.x(at_s);
    return [svg("line", { class: "used-up", x1: x, x2: x, y1: top, y2: height - bottom }),
      svg("text", { class: "axis bound", x: x - 4, y: scale.y(-35), "text-anchor": "end" }, t("allowance used up"))];
  }

  /** Steps with something wrong, with the times at which they are done. */
  _wrongSteps() {
    const { steps, problems } = this._shown;
    const wrong = new Set(problems.map((/** @type {any} */ one) => one.step));
    return steps.filter((/** @type {any} */ one) => wrong.has(one.step));
  }

  /** @param {Scale} scale */
  _refused(scale) {
    const { top, height, bottom } = scale.box;
    return this._wrongSteps().map((/** @type {any} */ one) => svg("rect", {
      class: "refused", x: scale.x(one.starts_s), y: top, width: Math.max(scale.x(one.ends_s) - scale.x(one.starts_s), 3), height: height - top - bottom,
    }));
  }

  /** @param {Scale} scale */
  _marks(scale) {
    return this._wrongSteps().map((/** @type {any} */ one) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "refused-mark";
      button.textContent = `▲ ${one.step + 1}`;
      button.setAttribute("aria-label", t("Step {number} is refused: show it", { number: one.step + 1 }));
      const middle = (scale.x(one.starts_s) + scale.x(one.ends_s)) / 2;
      button.style.setProperty("left", `${Math.min(Math.max(middle, 30), scale.box.width - 34)}px`);
      button.addEventListener("click", () => this._opened(one.step));
      return button;
    });
  }
}
