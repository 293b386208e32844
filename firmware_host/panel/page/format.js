// @ts-check
/** Quantities as people of a language, and with their units, read them. On the wire they are metric. */

import * as settings from "./settings.js";
import { language } from "./texts.js";

const KG_PER_LB = 0.45359237;
const M_PER_IN = 0.0254;
const UNKNOWN = "–";

/**
 * How a quantity is typed: `show` gives the number to be typed from that on the wire, `read` the other way round.
 * @typedef {{unit: string, digits: number, show: (value: number) => number, read: (shown: number) => number}} Measure
 */

/** @type {Record<"metric" | "us", Record<"mass" | "height", Measure>>} */
const MEASURES = {
  metric: {
    mass: { unit: "kg", digits: 1, show: (kg) => round(kg, 1), read: (kg) => kg },
    height: { unit: "cm", digits: 0, show: (m) => round(m * 100, 1), read: (cm) => round(cm / 100, 4) },
  },
  us: {
    mass: { unit: "lb", digits: 1, show: (kg) => round(kg / KG_PER_LB, 1), read: (lb) => round(lb * KG_PER_LB, 3) },
    height: { unit: "in", digits: 1, show: (m) => round(m / M_PER_IN, 1), read: (inch) => round(inch * M_PER_IN, 4) },
  },
};

/** @param {number} value @param {number} digits */
function round(value, digits) {
  return Number(value.toFixed(digits));
}

/** @param {number | null | undefined} value @param {(value: number) => string} say */
function known(value, say) {
  return value === null || value === undefined || Number.isNaN(value) ? UNKNOWN : say(value);
}

/** @returns {"metric" | "us"} */
export function units() {
  return settings.get().units;
}

/** @param {"mass" | "height"} kind @returns {Measure} */
export function measure(kind) {
  return MEASURES[units()][kind];
}

/** A height of feet and inches as inches, such as 5 ft 8 in or 5'8"; anything else as it was typed. @param {string} typed */
export function inches(typed) {
  const found = /^\s*(\d+)\s*(?:ft|feet|['’′])\s*(?:(\d+(?:[.,]\d+)?)\s*(?:in|inches|["”″])?)?\s*$/i.exec(typed);
  return found === null ? typed : String(Number(found[1]) * 12 + Number((found[2] ?? "0").replace(",", ".")));
}

/** A number as the controller writes it, alone or before a unit; no part of a name, a date or a version. */
const QUANTITY = /(?<![\w.:/-])([+-]?\d+(?:\.(\d+))?)(?:( ?)(deg\/s2|deg\/s|degC|deg|kg|m)\b)?(?![\w/]|[:.-]\d)/g;
/** The first number of a range has the unit of the second. */
const RANGE = /(?<![\w.:/-])(\d+(?:\.\d+)?)( (?:to|bis) \d+(?:\.\d+)? (kg|m)\b)/g;
/** Units of the wire as people read them. @type {Record<string, string>} */
const READ_AS = { deg: "°", "deg/s": " °/s", "deg/s2": " °/s²", degC: " °C" };

/** A unit of the wire as people read it. @param {string} wire */
export function unit(wire) {
  return (READ_AS[wire] ?? wire).trim();
}

/** What the controller says in words, with its quantities as people here read them. @param {string} text */
export function quantities(text) {
  const each = units() === "metric" ? text : text.replace(RANGE, "$1 $3$2");
  return each.replace(QUANTITY, (whole, value, fraction = "", gap = "", unit = "") => {
    if (unit === "kg") return mass(Number(value), fraction.length);
    if (unit === "m" && units() === "us") return height(Number(value));
    if (unit === "" && fraction === "") return whole.replace("-", "−");
    return number(Number(value), fraction.length) + (READ_AS[unit] ?? gap + unit);
  });
}

/** @param {number | null | undefined} value @param {number} [digits] */
export function number(value, digits = 0) {
  const shape = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return known(value, (one) => new Intl.NumberFormat(language(), shape).format(one).replace("-", "−"));
}

/** With its sign, but for zero. @param {number | null | undefined} value @param {number} [digits] */
export function signed(value, digits = 1) {
  return known(value, (one) => {
    const text = number(Math.abs(one), digits);
    return Number(one.toFixed(digits)) === 0 ? text : (one < 0 ? "−" : "+") + text;
  });
}

/** @param {number | null | undefined} value_deg @param {number} [digits] */
export function angle(value_deg, digits = 1) {
  return known(value_deg, (one) => `${signed(one, digits)}°`);
}

/** @param {number | null | undefined} value_dps */
export function rate(value_dps) {
  return known(value_dps, (one) => `${signed(one)} °/s`);
}

/** @param {number | null | undefined} value_kg @param {number} [digits] of kilograms */
export function mass(value_kg, digits = 1) {
  const { unit, show } = measure("mass");
  return known(value_kg, (one) => `${number(show(one), unit === "kg" ? digits : 1)} ${unit}`);
}

/** @param {number | null | undefined} value_m */
export function height(value_m) {
  return known(value_m, (one) => {
    if (units() === "metric") return `${number(one * 100)} cm`;
    const inches = Math.round(one / M_PER_IN);
    return `${Math.floor(inches / 12)} ft ${inches % 12} in`;
  });
}

/** Minutes and seconds, with hours where there are any. @param {number | null | undefined} value_s */
export function duration(value_s) {
  return known(value_s, (one) => {
    const whole_s = Math.max(Math.round(one), 0);
    const [hours, minutes, seconds] = [Math.floor(whole_s / 3600), Math.floor(whole_s / 60) % 60, whole_s % 60];
    const end = `${String(minutes).padStart(hours > 0 ? 2 : 1, "0")}:${String(seconds).padStart(2, "0")}`;
    return hours > 0 ? `${hours}:${end}` : end;
  });
}

/** @param {string | number | null | undefined} value an ISO text, or milliseconds @param {Intl.DateTimeFormatOptions} shape */
function moment(value, shape) {
  const at = value === null || value === undefined ? NaN : new Date(value).getTime();
  return known(at, (one) => new Intl.DateTimeFormat(language(), shape).format(one));
}

/** @param {string | number | null | undefined} value */
export function date(value) {
  return moment(value, { dateStyle: "medium" });
}

/** Day and time of day. @param {string | number | null | undefined} value */
export function time(value) {
  return moment(value, { dateStyle: "medium", timeStyle: "short" });
}
