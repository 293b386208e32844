// @ts-check
/** The forms of a rider's page: who it is, own limits, a physician's clearance; and what they hold as a document. */

import { el, field, values } from "../dom.js";
import { inches } from "../format.js";
import { experiences, numberProblem, ownLimits, readNumber } from "./parts.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("./parts.js").Problem} Problem */

const LIMIT = "limits.";
/** @type {[number, number]} */
const PEOPLE_KG = [20, 300];
/** @type {[number, number]} */
const PEOPLE_M = [0.8, 2.5];

/** @param {App} app @param {any} rider section of the document */
export function profileFields(app, rider) {
  const { t } = app;
  const [mass, height] = [app.measure("mass"), app.measure("height")];
  const shown = (/** @type {any} */ value, /** @type {any} */ measure) => (typeof value === "number" ? measure.show(value) : value ?? "");
  return [
    field({ label: t("Name"), name: "rider.name", value: rider.name, autocomplete: "off", maxlength: 100 }),
    field({ label: t("Sex"), name: "rider.sex", type: "select", value: rider.sex ?? "", hint: t("With mass and height it tells where the weight lies."),
      options: [["", t("please choose")], ["female", t("female")], ["male", t("male")]] }),
    field({ label: t("Mass"), name: "rider.mass_kg", unit: mass.unit, inputmode: "decimal", value: shown(rider.mass_kg, mass) }),
    field({ label: t("Height"), name: "rider.height_m", unit: height.unit, inputmode: height.unit === "in" ? "text" : "decimal",
      value: shown(rider.height_m, height), hint: height.unit === "in" ? t("Also as 5 ft 8 in.") : undefined }),
    field({ label: t("Experience with inversion"), name: "rider.experience", type: "select", value: rider.experience ?? "beginner",
      options: experiences() }),
    field({ label: t("Sessions done before"), name: "rider.sessions_done", inputmode: "numeric", value: rider.sessions_done ?? 0,
      hint: t("A beginner may go a little further after three.") }),
  ];
}

/** @param {App} app @param {Record<string, any>} own limits of the document @param {any[]} limits in force, with their origin */
export function limitFields(app, own, limits) {
  const { t, format } = app;
  return ownLimits().map(({ name, label, unit, low, high }) => {
    const now = limits.find((one) => one.name === name)?.value;
    const hint = now === undefined ? t("{low} to {high} {unit}", { low, high, unit }) : t("now {value} {unit}; empty leaves it so", { value: format.number(now, Number.isInteger(now) ? 0 : 1), unit });
    return field({ label, name: LIMIT + name, unit, inputmode: "decimal", value: own[name] ?? "", hint });
  });
}

/**
 * What a profile form holds, as a document made from the one before: what the form does not show stays.
 * @param {App} app @param {HTMLFormElement} form @param {any} before
 * @returns {{document: any, problems: Problem[]}}
 */
export function readProfile(app, form, before) {
  const { t } = app;
  const typed = values(form);
  /** @type {Problem[]} */
  const problems = [];
  const number = (/** @type {string} */ name, /** @type {string} */ example, /** @type {(value: number) => number} */ read = (value) => value) => {
    const value = readNumber(typed[name] ?? "");
    const text = numberProblem(value, example);
    if (text !== "") problems.push({ field: name, line: null, text });
    return typeof value === "number" ? read(value) : value;
  };
  /** What no person has is a unit that was mistaken for another one. */
  const likely = (/** @type {string} */ name, /** @type {unknown} */ value, /** @type {[number, number]} */ [least, most], /** @type {(value: number) => string} */ say) => {
    if (typeof value !== "number" || (value >= least && value <= most)) return value;
    const shown = { value: say(value), least: say(least), most: say(most) };
    problems.push({ field: name, line: null, text: t("This is read as {value}: write from {least} to {most}.", shown) });
    return value;
  };
  if (app.measure("height").unit === "in") typed["rider.height_m"] = inches(typed["rider.height_m"] ?? "");
  const mass_kg = likely("rider.mass_kg", number("rider.mass_kg", "72", app.measure("mass").read), PEOPLE_KG, app.format.mass);
  const height_m = likely("rider.height_m", number("rider.height_m", "175", app.measure("height").read), PEOPLE_M, app.format.height);
  const need = (/** @type {string} */ name, /** @type {any} */ value, /** @type {string} */ text) => {
    if (value === null || value === "") problems.push({ field: name, line: null, text });
    return value;
  };
  const rider = {
    ...before.rider,
    name: need("rider.name", (typed["rider.name"] ?? "").trim(), t("Write the rider's name.")),
    sex: need("rider.sex", typed["rider.sex"], t("Choose one.")),
    mass_kg: need("rider.mass_kg", mass_kg, t("Write the mass.")),
    height_m: need("rider.height_m", height_m, t("Write the height.")),
    experience: typed["rider.experience"],
    sessions_done: number("rider.sessions_done", "3") ?? 0,
  };
  const own = ownLimits().map(({ name, low }) => [name, number(LIMIT + name, String(low))]);
  const limits = { ...before.limits, ...Object.fromEntries(own) };
  const kept = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== null));
  return { document: { ...before, rider, limits: Object.keys(kept).length === 0 ? null : kept }, problems };
}

/** @param {App} app @param {any} clearance of the document, or null @param {any[]} questions that a clearance can settle */
export function clearanceFields(app, clearance, questions) {
  const { t, told } = app;
  const given = clearance ?? {};
  return [
    field({ label: t("Given by (physician)"), name: "clearance.given_by", value: given.given_by, maxlength: 100 }),
    field({ label: t("Valid until"), name: "clearance.expires", type: "date", value: given.expires }),
    field({ label: t("Up to this angle (only for experienced riders)"), name: "clearance.inverted_limit_deg", unit: "°", inputmode: "decimal",
      value: given.inverted_limit_deg ?? "", hint: t("Empty: the clearance is for conditions alone.") }),
    el("fieldset", { class: "conditions", dataset: { field: "clearance.conditions" } },
      el("legend", null, t("Conditions that the physician has considered")),
      questions.map((one) => field({ label: told(one.text), name: `condition.${one.id}`, type: "checkbox", value: (given.conditions ?? []).includes(one.id) })),
      el("p", { class: "problem" })),
  ];
}

/**
 * @param {App} app @param {HTMLFormElement} form @param {any[]} questions
 * @returns {{clearance: any, problems: Problem[]}}
 */
export function readClearance(app, form, questions) {
  const { t } = app;
  const typed = values(form);
  /** @type {Problem[]} */
  const problems = [];
  const angle = readNumber(typed["clearance.inverted_limit_deg"] ?? "");
  const wrong = numberProblem(angle, "75");
  if (wrong !== "") problems.push({ field: "clearance.inverted_limit_deg", line: null, text: wrong });
  const by = (typed["clearance.given_by"] ?? "").trim();
  if (by === "") problems.push({ field: "clearance.given_by", line: null, text: t("Write the physician's name.") });
  if (!typed["clearance.expires"]) problems.push({ field: "clearance.expires", line: null, text: t("Choose the last day on which it counts.") });
  const conditions = questions.map((one) => one.id).filter((id) => typed[`condition.${id}`]);
  if (angle === null && conditions.length === 0) {
    problems.push({ field: "clearance.conditions", line: null, text: t("Say what it is for: an angle, or at least one condition.") });
  }
  const clearance = { given_by: by, expires: typed["clearance.expires"], inverted_limit_deg: angle, conditions: conditions.length === 0 ? null : conditions };
  return { clearance, problems };
}
