// @ts-check
/** The program as a timeline with the place in it, and the angle of the last minutes. */

import * as format from "./format.js";
import { t } from "./texts.js";

const SHOWN_S = 300;
const TEXT_HEIGHT = 13;
const MARGIN = { left: 46, right: 10, top: 8, bottom: 20 };

/** @param {string} name */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** A canvas with axes in seconds and degrees. */
class Plot {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this._canvas = canvas;
    this._context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.width = this.height = 0;
    /** @type {number[]} where levels are named already */
    this._named = [];
  }

  /** @param {{from_s: number, to_s: number, low_deg: number, high_deg: number}} range */
  begin(range) {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth, clientHeight } = this._canvas;
    const width = Math.round(clientWidth * ratio), height = Math.round(clientHeight * ratio);
    if (this._canvas.width !== width || this._canvas.height !== height) {
      this._canvas.width = width;
      this._canvas.height = height;
    }
    this._named = [];
    this.width = clientWidth;
    this.height = clientHeight;
    this._range = range;
    this._context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this._context.clearRect(0, 0, clientWidth, clientHeight);
    return clientWidth > MARGIN.left + MARGIN.right && clientHeight > MARGIN.top + MARGIN.bottom;
  }

  /** @param {number} t_s */
  x(t_s) {
    const { from_s, to_s } = /** @type {any} */ (this._range);
    return MARGIN.left + ((t_s - from_s) / (to_s - from_s)) * (this.width - MARGIN.left - MARGIN.right);
  }

  /** @param {number} angle_deg */
  y(angle_deg) {
    const { low_deg, high_deg } = /** @type {any} */ (this._range);
    return MARGIN.top + ((high_deg - angle_deg) / (high_deg - low_deg)) * (this.height - MARGIN.top - MARGIN.bottom);
  }

  /** @param {number} angle_deg @param {string} style @param {string} text @param {boolean} [dashed] */
  level(angle_deg, style, text, dashed = true) {
    const context = this._context;
    context.strokeStyle = context.fillStyle = style;
    context.lineWidth = 1;
    context.setLineDash(dashed ? [4, 4] : []);
    context.beginPath();
    context.moveTo(MARGIN.left, this.y(angle_deg));
    context.lineTo(this.width - MARGIN.right, this.y(angle_deg));
    context.stroke();
    context.setLineDash([]);
    const y = this.y(angle_deg);
    if (this._named.some((other) => Math.abs(other - y) < TEXT_HEIGHT)) return;
    this._named.push(y);
    context.font = "600 12px system-ui, sans-serif";
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillText(text, MARGIN.left - 6, this.y(angle_deg));
  }

  /** @param {[number, number | null][]} points @param {string} style @param {number} width */
  line(points, style, width) {
    const context = this._context;
    context.strokeStyle = style;
    context.lineWidth = width;
    context.lineJoin = "round";
    context.beginPath();
    let drawing = false;
    for (const [t_s, angle_deg] of points) {
      if (angle_deg === null) {
        drawing = false;
        continue;
      }
      if (drawing) context.lineTo(this.x(t_s), this.y(angle_deg));
      else context.moveTo(this.x(t_s), this.y(angle_deg));
      drawing = true;
    }
    context.stroke();
  }

  /** @param {number} t_s @param {string} style @param {number} width */
  upright(t_s, style, width) {
    const context = this._context;
    context.strokeStyle = style;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(this.x(t_s), MARGIN.top);
    context.lineTo(this.x(t_s), this.height - MARGIN.bottom);
    context.stroke();
  }

  /** @param {number} t_s @param {string} text @param {CanvasTextAlign} align */
  time(t_s, text, align) {
    const context = this._context;
    context.fillStyle = colour("--faint");
    context.font = "12px system-ui, sans-serif";
    context.textAlign = align;
    context.textBaseline = "bottom";
    context.fillText(text, this.x(t_s), this.height - 2);
  }
}

export class Timeline {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this._plot = new Plot(canvas);
    this._drawn = "";
  }

  /** @param {any} setup @param {any} state */
  show(setup, state) {
    const canvas = this._plot._canvas;
    const place_s = state.progress * setup.program_s;
    const key = [setup.program, Math.round(place_s * 4), canvas.clientWidth, canvas.clientHeight, colour("--ink")].join();
    if (key === this._drawn) return;
    this._drawn = key;
    const high_deg = Math.max(setup.limit_deg, 10) + 8;
    const range = { from_s: 0, to_s: setup.total_s, low_deg: setup.upright_deg - 6, high_deg };
    if (!this._plot.begin(range)) return;
    this._plot.level(setup.limit_deg, colour("--limit"), `${setup.limit_deg}°`);
    this._plot.level(0, colour("--faint"), "0°");
    this._plot.level(setup.upright_deg, colour("--faint"), `${setup.upright_deg}°`);
    const segments = setup.segments;
    /** @type {[number, number][]} */
    const points = [[0, setup.upright_deg]];
    for (const [index, segment] of segments.entries()) {
      const until_s = index + 1 < segments.length ? segments[index + 1].starts_s : setup.program_s;
      points.push([until_s, segment.to_deg]);
    }
    points.push([setup.total_s, setup.upright_deg]);
    this._plot.line(points, colour("--accent"), 3);
    this._plot.upright(place_s, colour("--ink"), 3);
    this._plot.time(0, "0:00", "left");
    this._plot.time(setup.total_s, format.duration(setup.total_s), "right");
  }
}

export class Chart {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this._plot = new Plot(canvas);
    this._drawn = "";
  }

  /** @param {any} setup @param {any} state @param {[number, number | null, number | null][]} points */
  show(setup, state, points) {
    const canvas = this._plot._canvas;
    const last_s = points.at(-1)?.[0] ?? state.now_s;
    const key = [setup.session, last_s, canvas.clientWidth, canvas.clientHeight, colour("--ink")].join();
    if (key === this._drawn) return;
    this._drawn = key;
    const high_deg = Math.max(setup.limit_deg, 10) + 8;
    const range = { from_s: last_s - SHOWN_S, to_s: last_s, low_deg: setup.upright_deg - 6, high_deg };
    if (!this._plot.begin(range)) return;
    this._plot.level(setup.limit_deg, colour("--limit"), `${setup.limit_deg}°`);
    this._plot.level(0, colour("--faint"), "0°");
    this._plot.level(setup.upright_deg, colour("--faint"), `${setup.upright_deg}°`);
    this._plot.line(points.map(([t_s, , target_deg]) => [t_s, target_deg]), colour("--ghost"), 2);
    this._plot.line(points.map(([t_s, angle_deg]) => [t_s, angle_deg]), colour("--accent"), 2.5);
    this._plot.time(last_s - SHOWN_S, `−${format.duration(SHOWN_S)}`, "left");
    this._plot.time(last_s, t("now"), "right");
  }
}
