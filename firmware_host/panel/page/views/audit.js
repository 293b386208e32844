// @ts-check
/** Who did what, in a log whose entries are chained: one that is changed or taken out is noticed. */

import { el } from "../dom.js";

/** @typedef {import("../app.js").App} App */

const PAGE = 50;

class Audit {
  /** @param {HTMLElement} root @param {App} app */
  constructor(root, app) {
    const { t } = app;
    this._app = app;
    /** @type {number | null} */
    this._next = null;
    /** @type {Map<string, string> | null} */
    this._names = null;
    this._verdict = el("p", { role: "status" });
    this._rows = el("tbody", null);
    this._more = el("button", { type: "button", hidden: true, onclick: () => this.load() }, t("Older entries"));
    root.setAttribute("aria-labelledby", "audit-title");
    root.append(
      el("h2", { id: "audit-title" }, t("What was done")),
      el("div", { class: "actions" },
        el("button", { type: "button", onclick: () => this._verify() }, t("Verify the log")), this._verdict),
      el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": t("Entries of the log") }, el("table", null,
        el("thead", null, el("tr", null, [t("When"), t("Who"), t("What"), t("Details")].map((text) => el("th", { scope: "col" }, text)))),
        this._rows)),
      el("div", { class: "actions" }, this._more));
  }

  async load() {
    const { api, format, told } = this._app;
    try {
      this._names ??= await names(api);
      const query = this._next === null ? "" : `&before=${this._next}`;
      const answer = await api.get(`audit?limit=${PAGE}${query}`);
      this._next = answer.next ?? null;
      this._rows.append(...answer.entries.map((/** @type {any} */ one) => el("tr", null,
        el("td", null, format.time(one.at)), el("td", null, this._who(one.who)), el("td", null, told(one.what)),
        one.problem ? el("td", { class: "wrong-text" }, told(one.problem)) : el("td", null, details(one)))));
    } catch (error) {
      this._verdict.textContent = /** @type {Error} */ (error).message;
    }
    this._more.hidden = this._next === null;
  }

  /** People are numbers in the log, so that a name can be forgotten. @param {string} who */
  _who(who) {
    const number = /^person (\d+)$/.exec(who)?.[1];
    return (number !== undefined && this._names?.get(number)) || this._app.told(who);
  }

  async _verify() {
    const { t, tn, api } = this._app;
    this._verdict.className = "";
    this._verdict.textContent = t("Reading the whole log …");
    try {
      const answer = await api.get("audit/verify");
      this._verdict.className = answer.ok ? "good-text" : "wrong-text";
      this._verdict.textContent = answer.ok
        ? tn("The log is whole: one entry.", "The log is whole: {count} entries.", answer.entries)
        : t("The log was changed: {problem}", { problem: answer.problem ?? "" });
    } catch (error) {
      this._verdict.className = "wrong-text";
      this._verdict.textContent = /** @type {Error} */ (error).message;
    }
  }
}

/** Names of people by their numbers; nobody's for those who may not see them. @param {App["api"]} api @returns {Promise<Map<string, string>>} */
async function names(api) {
  try {
    const { people } = await api.get("people");
    return new Map(people.map((/** @type {any} */ one) => [String(one.id), one.name]));
  } catch {
    return new Map();
  }
}

/** @param {any} one */
function details(one) {
  const pairs = Object.entries(one.details ?? {}).map(([name, value]) =>
    `${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`);
  return [one.subject, ...pairs].filter((text) => text).join(", ");
}

/** @param {HTMLElement} place @param {App} app */
export function showAudit(place, app) {
  return new Audit(place, app).load();
}
