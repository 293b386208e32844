// @ts-check
/** The table from the side, to scale: one unit is a centimetre. The pivot is the origin; the head points to the left. */

import { svg } from "./dom.js";
import { t } from "./texts.js";

/** Distance of the pivot from the soles over the rider's height, as the height scale on the table sets it. */
const PIVOT_FRACTION = 0.6;
/** Who is not logged in is not told how tall the rider is. */
const UNKNOWN_HEIGHT_M = 1.75;
const REACH = 118;
const FLOOR = 122;
const BEYOND_DEG = 90;

/** Where the head end points at an angle. @param {number} angle_deg @param {number} radius */
function at(angle_deg, radius) {
  const angle = (angle_deg * Math.PI) / 180;
  return [-Math.cos(angle) * radius, Math.sin(angle) * radius];
}

/** @param {number} from_deg @param {number} to_deg @param {number} inner @param {number} outer */
function sector(from_deg, to_deg, inner, outer) {
  const [ax, ay] = at(from_deg, outer);
  const [bx, by] = at(to_deg, outer);
  const [cx, cy] = at(to_deg, inner);
  const [dx, dy] = at(from_deg, inner);
  const large = Math.abs(to_deg - from_deg) > 180 ? 1 : 0;
  return `M${ax} ${ay}A${outer} ${outer} 0 ${large} 0 ${bx} ${by}L${cx} ${cy}A${inner} ${inner} 0 ${large} 1 ${dx} ${dy}Z`;
}

/** @param {number} height_cm */
function body(height_cm) {
  const soles = PIVOT_FRACTION * height_cm;
  const crown = soles - height_cm;
  const along = (/** @type {number} */ fraction) => soles - fraction * height_cm;
  const group = svg("g", { class: "rider" });
  group.append(
    svg("line", { class: "limb", x1: along(0.82), y1: -13, x2: along(0.53), y2: -13 }), // trunk
    svg("line", { class: "leg", x1: along(0.53), y1: -11, x2: along(0.285), y2: -11 }),
    svg("line", { class: "shin", x1: along(0.285), y1: -10, x2: along(0.04), y2: -9 }),
    svg("line", { class: "shin", x1: along(0.02), y1: -9, x2: along(0.02), y2: -21 }), // foot
    svg("line", { class: "arm", x1: along(0.8), y1: -17, x2: along(0.46), y2: -20 }),
    svg("ellipse", { cx: crown + 0.065 * height_cm, cy: -13, rx: 0.065 * height_cm, ry: 9.5 }),
  );
  return group;
}

/** @param {number} height_cm */
function board(height_cm) {
  const soles = PIVOT_FRACTION * height_cm;
  const head = Math.min(soles - height_cm - 4, -70);
  const group = svg("g", { class: "board" });
  group.append(
    svg("line", { class: "bed", x1: head, y1: 0, x2: soles * 0.55, y2: 0 }),
    svg("line", { class: "rail", x1: soles * 0.5, y1: 2, x2: soles + 6, y2: 2 }),
    svg("path", { class: "clamp", d: `M${soles - 10} 3V-17M${soles - 4} 3V-17` }),
  );
  return group;
}

export class Picture {
  /** @param {SVGElement} place */
  constructor(place) {
    this._place = place;
    /** @type {Element | null} */
    this._moving = null;
    /** @type {Element | null} */
    this._ghost = null;
  }

  /** @param {any} setup */
  begin(setup) {
    const height_cm = (setup.height_m ?? UNKNOWN_HEIGHT_M) * 100;
    const upright = setup.upright_deg, limit = setup.limit_deg;
    const scale = svg("g", { class: "scale" });
    scale.append(
      svg("path", { class: "allowed", d: sector(upright, limit, REACH - 6, REACH) }),
      svg("path", { class: "forbidden", d: sector(limit, Math.max(BEYOND_DEG, limit + 10), 26, REACH) }),
      svg("line", { class: "level", x1: -REACH - 6, y1: 0, x2: REACH, y2: 0 }),
    );
    for (const [angle_deg, text] of /** @type {[number, string][]} */ ([[limit, t("limit {angle}°", { angle: limit })]])) {
      const [x1, y1] = at(angle_deg, 26);
      const [x2, y2] = at(angle_deg, REACH);
      scale.append(svg("line", { class: "limit", x1, y1, x2, y2 }));
      // In the corner, which neither the stand nor the rider ever reaches.
      scale.append(svg("text", { class: "limit-text", x: -130, y: FLOOR - 6 }, text));
    }
    const stand = svg("g", { class: "stand" });
    stand.append(
      svg("path", { d: `M0 0L-38 ${FLOOR}M0 0L38 ${FLOOR}` }),
      svg("line", { class: "floor", x1: -128, y1: FLOOR + 3, x2: 128, y2: FLOOR + 3 }),
    );
    this._ghost = svg("g", { class: "ghost" });
    this._ghost.append(board(height_cm));
    this._moving = svg("g", { class: "moving" });
    this._moving.append(board(height_cm), body(height_cm));
    this._place.replaceChildren(scale, stand, this._ghost, this._moving, svg("circle", { class: "pivot", r: 5 }));
  }

  /** @param {any} state */
  show(state) {
    const { angle_deg, target_deg } = state;
    this._moving?.setAttribute("transform", `rotate(${angle_deg === null ? 0 : -angle_deg})`);
    this._moving?.classList.toggle("unknown", angle_deg === null);
    this._ghost?.setAttribute("transform", `rotate(${target_deg === null ? 0 : -target_deg})`);
    this._ghost?.classList.toggle("none", target_deg === null);
  }
}
