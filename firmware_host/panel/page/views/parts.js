// @ts-check
/** What the pages of riders and programs share. */

import { said } from "../api.js";
import { add, el } from "../dom.js";
import { t } from "../texts.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {{field: string | null, line: number | null, text: string}} Problem */

/** A list of names and values, each with a line of small print where there is one. @param {(string | null)[][]} rows */
export function facts(rows) {
  return el("dl", { class: "facts explained" }, rows.map(([name, value, more]) => el("div", null,
    el("dt", null, name), el("dd", null, value, more ? el("span", { class: "because" }, more) : null))));
}

/** Names of experience in words. @returns {[string, string][]} */
export function experiences() {
  return [["beginner", t("beginner")], ["regular", t("regular")], ["experienced", t("experienced")]];
}

/** @param {string} name */
export function experience(name) {
  return experiences().find(([known]) => known === name)?.[1] ?? name;
}

/** What tells riders of one name apart. @param {App} app @param {any} one of the list */
export function build({ format }, one) {
  return `${format.mass(one.mass_kg)}, ${format.height(one.height_m)}`;
}

/**
 * Limits that a rider or a program may want tighter, with unit, and what the machine has at its widest.
 * @returns {{name: string, label: string, unit: string, low: number, high: number}[]}
 */
export function ownLimits() {
  return [
    { name: "inverted_limit_deg", label: t("Highest inverted angle"), unit: "°", low: 0, high: 90 },
    { name: "time_inverted_s", label: t("Time inverted in a session"), unit: "s", low: 0, high: 600 },
    { name: "static_hold_s", label: t("Longest hold without movement"), unit: "s", low: 0, high: 180 },
    { name: "invert_rate_dps", label: t("Fastest toward inversion"), unit: "°/s", low: 0.1, high: 3 },
    { name: "upward_rate_dps", label: t("Fastest out of inversion"), unit: "°/s", low: 0.1, high: 3 },
    { name: "head_up_rate_dps", label: t("Fastest from horizontal to upright"), unit: "°/s", low: 0.1, high: 2 },
    { name: "return_rest_s", label: t("Rest at horizontal in the return, at least"), unit: "s", low: 10, high: 180 },
  ];
}

/** The number in a text, with a comma or a point; null for nothing, the text itself for what is no number. @param {string} text */
export function readNumber(text) {
  const bare = text.trim().replace("−", "-");
  if (bare === "") return null;
  const value = Number(bare.replace(",", "."));
  return Number.isFinite(value) ? value : bare;
}

/** What is wrong with a number that was typed; empty if nothing is. @param {unknown} value @param {string} example */
export function numberProblem(value, example) {
  return typeof value === "string" ? t("“{text}” is no number; write one such as {example}.", { text: value, example }) : "";
}

/**
 * A link that saves a file.
 * @param {App} app @param {string} path @param {string} text
 */
export function download(app, path, text) {
  return el("a", { class: "button", href: app.api.url(path), download: "" }, text);
}

/**
 * Two values of the same thing: somebody else has saved meanwhile. Nothing is lost until one is chosen.
 *
 * @param {{name: string, mine: string, theirs: string}[]} rows those that differ
 * @param {() => void} keepMine @param {() => void} takeTheirs
 */
export function conflict(rows, keepMine, takeTheirs) {
  const pre = (/** @type {string} */ text) => (text.includes("\n") ? el("pre", null, text) : text || "–");
  return el("section", { class: "card conflict", role: "alert" },
    el("h2", null, t("Somebody else has changed this meanwhile")),
    el("p", null, t("Nothing that you typed is lost. Choose which of the two is kept.")),
    el("div", { class: "scroll", tabindex: "0" }, el("table", null,
      el("thead", null, el("tr", null, el("th", { scope: "col" }, t("What")), el("th", { scope: "col" }, t("Typed here")),
        el("th", { scope: "col" }, t("Saved by somebody else")))),
      el("tbody", null, rows.map(({ name, mine, theirs }) => el("tr", null,
        el("th", { scope: "row" }, name), el("td", null, pre(mine)), el("td", null, pre(theirs))))))),
    el("div", { class: "actions" },
      el("button", { type: "button", class: "primary", onclick: keepMine }, t("Keep what was typed here")),
      el("button", { type: "button", onclick: takeTheirs }, t("Take what was saved"))));
}

const CHOSEN = "righting.chosen-rider";

/** The rider that programs are held against, kept as long as this tab is open; null for none. @returns {number | null} */
export function chosenRider() {
  const kept = Number(sessionStorage.getItem(CHOSEN));
  return Number.isInteger(kept) && kept > 0 ? kept : null;
}

/** @param {number | null} id */
function chooseRider(id) {
  if (id === null) sessionStorage.removeItem(CHOSEN);
  else sessionStorage.setItem(CHOSEN, String(id));
}

/**
 * The choice of the rider that programs are held against.
 *
 * @param {App} app @param {(id: number | null) => void} changed also called when the kept one is no longer there
 */
export function riderChoice(app, changed) {
  const select = el("select", { id: "held-against", onchange: () => {
    chooseRider(select.value === "" ? null : Number(select.value));
    changed(chosenRider());
  } }, el("option", { value: "" }, app.t("nobody: the table alone")));
  app.api.get("riders").then(({ riders }) => {
    add(select, riders.map((/** @type {any} */ one) => el("option", { value: String(one.id) }, one.name)));
    const kept = chosenRider();
    if (kept !== null && !riders.some((/** @type {any} */ one) => one.id === kept)) {
      chooseRider(null);
      changed(null);
    } else select.value = kept === null ? "" : String(kept);
  }).catch((error) => app.hint(said(error), true));
  return el("div", { class: "field" }, el("label", { htmlFor: "held-against" }, app.t("Compare with rider")),
    el("div", { class: "input" }, select));
}
