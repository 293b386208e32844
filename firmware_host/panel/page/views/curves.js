// @ts-check
/** Small drawings of numbers over time: the shape of a session, what changed over sessions, the last minute of a signal. */

import { svg } from "../dom.js";

/** Path through points, broken where a value is absent. @param {[number, number | null][]} points */
export function path(points) {
  let pen = "M";
  const parts = [];
  for (const [x, y] of points) {
    if (y === null) pen = "M";
    else {
      parts.push(`${pen}${x.toFixed(1)} ${y.toFixed(1)}`);
      pen = "L";
    }
  }
  return parts.join("");
}

const LOWEST_DEG = -90;
const HIGHEST_DEG = 90;

/**
 * The angle over a session, without any number: to tell sessions apart at a glance. The line is horizontal.
 *
 * @param {[number, number | null][] | null | undefined} curve time in s and angle in deg
 * @param {string} label
 */
export function sessionCurve(curve, label) {
  const drawing = svg("svg", { viewBox: "0 0 120 48", class: "curve", role: "img", "aria-label": label });
  const y = (/** @type {number} */ deg) => 46 - ((deg - LOWEST_DEG) / (HIGHEST_DEG - LOWEST_DEG)) * 44;
  drawing.append(svg("line", { x1: 0, x2: 120, y1: y(0), y2: y(0), class: "horizontal" }));
  const known = curve ?? [];
  if (known.length > 1) {
    const begin_s = known[0][0];
    const length_s = Math.max(known[known.length - 1][0] - begin_s, 1e-3);
    const points = known.map(([t_s, deg]) =>
      /** @type {[number, number | null]} */ ([((t_s - begin_s) / length_s) * 118 + 1, deg === null ? null : y(deg)]));
    drawing.append(svg("path", { d: path(points), class: "line" }));
  }
  return drawing;
}

/**
 * @typedef {{name: string, className: string, values: (number | null)[]}} Series
 */

const WIDTH = 360;
const HEIGHT = 170;
const LEFT = 40;
const RIGHT = 10;
const TOP = 12;
const BOTTOM = 26;

/**
 * A chart over sessions, oldest at the left. What is not known has no mark.
 *
 * @param {{
 *   label: string, series: Series[], lowest: number, highest: number, say: (value: number) => string,
 *   from: string, to: string,
 * }} wanted `label` says in words what is shown; `from` and `to` are the days of the first and last session
 */
export function trend({ label, series, lowest, highest, say, from, to }) {
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "trend", role: "img", "aria-label": label });
  const count = Math.max(...series.map((one) => one.values.length), 1);
  const x = (/** @type {number} */ index) =>
    count === 1 ? (LEFT + WIDTH - RIGHT) / 2 : LEFT + (index / (count - 1)) * (WIDTH - LEFT - RIGHT);
  const y = (/** @type {number} */ value) =>
    HEIGHT - BOTTOM - ((value - lowest) / (highest - lowest || 1)) * (HEIGHT - TOP - BOTTOM);
  for (const value of [lowest, (lowest + highest) / 2, highest]) {
    drawing.append(
      svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value), class: "grid" }),
      svg("text", { x: LEFT - 6, y: y(value) + 4, class: "scale end" }, say(value)));
  }
  drawing.append(svg("text", { x: LEFT, y: HEIGHT - 6, class: "scale" }, from));
  if (count > 1) drawing.append(svg("text", { x: WIDTH - RIGHT, y: HEIGHT - 6, class: "scale end" }, to));
  for (const one of series) {
    const points = one.values.map((value, index) =>
      /** @type {[number, number | null]} */ ([x(index), value === null ? null : y(value)]));
    drawing.append(svg("path", { d: path(points), class: `line ${one.className}` }));
    for (const [at, height] of points) {
      if (height !== null) drawing.append(mark(at, height, one.className));
    }
  }
  return drawing;
}

/** Shape tells series apart beside colour. @param {number} x @param {number} y @param {string} className */
function mark(x, y, className) {
  if (className === "second") return svg("rect", { x: x - 4, y: y - 4, width: 8, height: 8, class: `mark ${className}` });
  return svg("circle", { cx: x, cy: y, r: 4, class: `mark ${className}` });
}

/** A round number that is not below any value. @param {(number | null)[]} values @param {number} step @param {number} least */
export function roundedTop(values, step, least) {
  const known = /** @type {number[]} */ (values.filter((value) => value !== null));
  return Math.max(least, Math.ceil(Math.max(0, ...known) / step) * step);
}

/** The last minute of a signal, as high as it is wide in itself. */
export class Sparkline {
  /** @param {number} most points that are kept */
  constructor(most) {
    this._most = most;
    /** @type {(number | null)[]} */
    this._values = [];
    this._line = svg("path", { d: "", class: "line" });
    this.element = svg("svg", {
      viewBox: "0 0 120 32", class: "sparkline", "aria-hidden": "true", preserveAspectRatio: "none",
    }, this._line);
  }

  /** @param {number | null} value */
  add(value) {
    this._values.push(value);
    if (this._values.length > this._most) this._values.shift();
    const known = /** @type {number[]} */ (this._values.filter((one) => one !== null));
    if (known.length === 0) return;
    const [lowest, highest] = [Math.min(...known), Math.max(...known)];
    const span = Math.max(highest - lowest, 1e-6);
    const flat = highest - lowest < 1e-6;
    const points = this._values.map((one, index) => /** @type {[number, number | null]} */ ([
      (index / (this._most - 1)) * 120, one === null ? null : flat ? 16 : 30 - ((one - lowest) / span) * 28]));
    this._line.setAttribute("d", path(points));
  }
}
