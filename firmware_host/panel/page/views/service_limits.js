// @ts-check
/** Every limit with its source, and the table file that can only narrow them. */

import { el } from "../dom.js";
import { TableEditor } from "./table_editor.js";

/** @typedef {import("../app.js").App} App */

/** @param {HTMLElement} place @param {App} app */
export function showLimits(place, app) {
  const { t, api } = app;
  const editor = new TableEditor(app, "limits-text");
  const file = el("p", { class: "quiet-text" });
  const rows = el("tbody", null);
  const filter = el("input", { type: "checkbox", id: "limits-narrowed", onchange: () => show() });
  /** @type {any[]} */
  let limits = [];
  const show = () => rows.replaceChildren(...limits.filter((one) => !filter.checked || one.narrowed).map((one) => row(app, one)));
  place.append(
    el("section", { class: "card", "aria-labelledby": "file-title" }, el("h2", { id: "file-title" }, t("The table's file")),
      el("p", null, t("A table can make a limit tighter, never wider. What the file says counts from the next start on.")), file, editor.element),
    el("section", { class: "card", "aria-labelledby": "limits-title" }, el("h2", { id: "limits-title" }, t("All limits")),
      el("label", { class: "choice", htmlFor: "limits-narrowed" }, filter, t("Only those that are narrowed")),
      el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": t("Table of the limits") }, el("table", { class: "limits" },
        el("thead", null, el("tr", null, [t("Limit"), t("Machine"), t("Table"), t("This session"), t("Tightest")].map((text, column) =>
          el("th", { scope: "col", class: column > 0 ? "number" : null }, text)))), rows))));
  void api.get("service/table").then((answer) => {
    file.textContent = answer.path
      ? t("File: {path}", { path: answer.path }) : t("This is the built-in table. For one of your own write a file, and start with --table FILE.");
    editor.load(answer.text ?? "");
    const now = new Map((app.setup()?.limits ?? []).map((/** @type {any} */ one) => [one.name, one]));
    limits = answer.limits.map((/** @type {any} */ one) => {
      const session = now.get(one.name) ?? null;
      return { ...one, session, narrowed: one.table !== one.machine || (session !== null && session.value !== one.table) };
    });
    show();
  }, (error) => { file.textContent = error.message; });
  return () => editor.leave();
}

/** @param {App} app @param {any} one */
function row(app, one) {
  const { format } = app;
  const number = (/** @type {number | null | undefined} */ value) => format.number(value, digits(value));
  const origin = one.session?.origin ?? one.origin;
  return el("tr", { class: one.narrowed ? "narrowed" : "" },
    el("th", { scope: "row" }, one.label ? app.told(one.label) : one.name, el("span", { class: "origin" }, one.narrowed && origin ? app.told(origin) : "")),
    el("td", { class: "number" }, `${number(one.machine)} ${unit(one.unit)}`), el("td", { class: "number" }, number(one.table)),
    el("td", { class: "number" }, number(one.session?.value)), el("td", { class: "number" }, number(one.tightest)));
}

/** @param {number | null | undefined} value */
function digits(value) {
  return value === null || value === undefined || Number.isInteger(value) ? 0 : Math.min(String(value).split(".")[1]?.length ?? 0, 3);
}

/** @param {string} unit */
function unit(unit) {
  return { "1": "", deg: "°", "deg/s": "°/s", "deg/s2": "°/s²", "deg/s3": "°/s³", degC: "°C" }[unit] ?? unit;
}
