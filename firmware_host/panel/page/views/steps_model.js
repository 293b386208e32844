// @ts-check
/** What steps there are, with their values, units and ranges: as firmware_host/files/programs.py has them (a test compares). */

import * as format from "../format.js";
import { t } from "../texts.js";

/**
 * @typedef {object} Value
 * @property {string} name in the document; `between_deg.0` is the first of a pair
 * @property {string} label
 * @property {string} unit
 * @property {number} low
 * @property {number} high
 * @property {boolean} [above] more than `low`, not `low` itself
 * @property {boolean} [whole]
 * @property {number | ""} [otherwise] what counts where nothing is written; without it, a value is needed
 *
 * @typedef {{do: string, title: string, values: Value[], made: any}} Kind
 */

export const DEEPEST = 3;

/** @param {string} name @param {string} label @param {Partial<Value>} [more] @returns {Value} */
const angle = (name, label, more) => ({ name, label, unit: "°", low: -90, high: 90, ...more });
/** @param {string} name @param {string} label @param {Partial<Value>} [more] @returns {Value} */
const seconds = (name, label, more) => ({ name, label, unit: "s", low: 0, high: 3600, above: true, ...more });
/** @param {string} name @param {string} label @param {Partial<Value>} [more] @returns {Value} */
const count = (name, label, more) => ({ name, label, unit: "", low: 1, high: 1000, whole: true, ...more });
/** @returns {Value} */
const rate = () => ({ name: "rate_dps", label: t("Rate"), unit: "°/s", low: 0.1, high: 10, otherwise: "" });
/** @param {string} name @param {string} label @param {Partial<Value>} [more] @returns {Value} */
const stride = (name, label, more) => ({ name, label, unit: "°", low: 0.5, high: 90, ...more });
/** @param {string} name @param {string} label @returns {Value} */
const pause = (name, label) => ({ name, label, unit: "s", low: 0, high: 3600, otherwise: 0 });

/** All kinds of step, in the order in which they are offered. @returns {Kind[]} */
export function kinds() {
  const stairs = () => [angle("from_deg", t("From")), angle("to_deg", t("To")), stride("by_deg", t("In steps of")), seconds("hold_s", t("Hold at each")), rate()];
  return [
    { do: "go", title: t("Go to an angle"), made: { to_deg: 10 }, values: [angle("to_deg", t("To")), rate()] },
    { do: "hold", title: t("Hold"), made: { for_s: 30 }, values: [seconds("for_s", t("For"))] },
    { do: "rest", title: t("Rest at horizontal"), made: { for_s: 30 },
      values: [seconds("for_s", t("For")), angle("at_deg", t("At"), { high: 0, otherwise: 0 }), rate()] },
    { do: "oscillate", title: t("Swing between two angles"), made: { between_deg: [0, 15], cycles: 3 },
      values: [angle("between_deg.0", t("Between")), angle("between_deg.1", t("and")), count("cycles", t("Cycles"), { otherwise: "" }),
        seconds("for_s", t("or for"), { otherwise: "" }), pause("pause_s", t("Pause at each end")), rate()] },
    { do: "progressive", title: t("Step by step toward inversion"), made: { from_deg: 10, to_deg: 20, by_deg: 10, hold_s: 30 }, values: stairs() },
    { do: "regressive", title: t("Step by step toward upright"), made: { from_deg: 20, to_deg: 0, by_deg: 10, hold_s: 20 }, values: stairs() },
    { do: "intermittent", title: t("Pull and relax"), made: { high_deg: 20, low_deg: 5, high_s: 15, low_s: 10, cycles: 3 },
      values: [angle("high_deg", t("High")), angle("low_deg", t("Low")), seconds("high_s", t("Stay high for")), seconds("low_s", t("Stay low for")), count("cycles", t("Cycles")), rate()] },
    { do: "warm_up", title: t("Warm up: cycles that grow"), made: { to_deg: 20 },
      values: [angle("to_deg", t("Up to")), angle("low_deg", t("Low"), { otherwise: 0 }), { ...stride("short_by_deg", t("First short of it by"), { otherwise: 10 }), low: 0, above: true },
        stride("by_deg", t("Growing by"), { otherwise: 2 }), pause("pause_s", t("Pause at each end")), rate()] },
    { do: "repeat", title: t("Repeat some steps"), made: { times: 2, step: [{ do: "hold", for_s: 20 }] }, values: [count("times", t("Times"))] },
  ];
}

/** How a program moves where a step says nothing. @returns {Value[]} */
export function motionValues() {
  return [
    { name: "rate_dps", label: t("Rate"), unit: "°/s", low: 0.1, high: 10, otherwise: 2 },
    { name: "accel_dps2", label: t("Acceleration"), unit: "°/s²", low: 0.1, high: 30, otherwise: 2 },
    { name: "jerk_dps3", label: t("Change of acceleration"), unit: "°/s³", low: 0.1, high: 100, otherwise: 4 },
    { name: "rest_at_flat_s", label: t("Rest at horizontal in the return"), unit: "s", low: 10, high: 180, otherwise: 60 },
  ];
}

/** @param {string} name @returns {Kind | undefined} */
export function kindOf(name) {
  return kinds().find((one) => one.do === name);
}

/** What may be written, beside its field. @param {Value} value */
export function range({ unit, low, high, above, otherwise }) {
  const from = format.number(low, Number.isInteger(low) ? 0 : 1);
  const to = `${format.number(high)}${unit.startsWith("°") ? "" : " "}${unit}`.trim();
  const words = above ? t("more than {low}, at most {high}", { low: from, high: to }) : t("{low} to {high}", { low: from, high: to });
  if (otherwise === undefined) return words;
  return otherwise === "" ? t("{range}; may be empty", { range: words }) : t("{range}; empty is {otherwise}", { range: words, otherwise });
}

/** @param {any} step @param {string} name also `between_deg.1` */
export function valueIn(step, name) {
  const [key, index] = name.split(".");
  return index === undefined ? step[key] : Array.isArray(step[key]) ? step[key][Number(index)] : undefined;
}

/** Write a value into a step; null takes it out. @param {any} step @param {string} name @param {any} value */
export function setValue(step, name, value) {
  const [key, index] = name.split(".");
  if (index !== undefined) {
    const pair = Array.isArray(step[key]) ? [...step[key]] : [null, null];
    pair[Number(index)] = value ?? "";
    step[key] = pair;
  } else if (value === null) delete step[key];
  else step[key] = value;
  // One or the other says how long a swing goes on.
  if (step.do === "oscillate" && value !== null && key === "cycles") delete step.for_s;
  if (step.do === "oscillate" && value !== null && key === "for_s") delete step.cycles;
}

/** A step in a few words. @param {any} step */
export function sentence(step) {
  const a = (/** @type {any} */ value) => (typeof value === "number" ? format.angle(value, Number.isInteger(value) ? 0 : 1) : "?");
  const s = (/** @type {any} */ value) => (typeof value === "number" ? (value < 100 ? `${format.number(value, Number.isInteger(value) ? 0 : 1)} s` : format.duration(value)) : "?");
  const n = (/** @type {any} */ value) => (typeof value === "number" ? value : "?");
  switch (step.do) {
    case "go": return t("Go to {angle}", { angle: a(step.to_deg) });
    case "hold": return t("Hold {time}", { time: s(step.for_s) });
    case "rest": return t("Rest {time} at {angle}", { time: s(step.for_s), angle: a(step.at_deg ?? 0) });
    case "oscillate": {
      const [low, high] = Array.isArray(step.between_deg) ? step.between_deg : [];
      return step.for_s === undefined ? t("Swing {low} to {high}, {count} times", { low: a(low), high: a(high), count: n(step.cycles) })
        : t("Swing {low} to {high} for {time}", { low: a(low), high: a(high), time: s(step.for_s) });
    }
    case "progressive": case "regressive":
      return t("{from} to {to} by {by}, {time} each", { from: a(step.from_deg), to: a(step.to_deg), by: a(step.by_deg).replace("+", ""), time: s(step.hold_s) });
    case "intermittent":
      return t("Pull {high} {highTime}, relax {low} {lowTime}, {count} times", {
        high: a(step.high_deg), highTime: s(step.high_s), low: a(step.low_deg), lowTime: s(step.low_s), count: n(step.cycles) });
    case "warm_up": return t("Warm up to {angle}", { angle: a(step.to_deg) });
    case "repeat": return t("Repeat {count} times", { count: n(step.times) });
    default: return t("Unknown step “{name}”", { name: String(step.do) });
  }
}
