// @ts-check
/** The text of the table file, with what it would change and what is refused beside its lines. Nothing is written by itself. */

import { el } from "../dom.js";

/** @typedef {import("../app.js").App} App */

const PAUSE_MS = 500;

export class TableEditor {
  /** @param {App} app @param {string} id */
  constructor(app, id) {
    const { t } = app;
    this._app = app;
    this._timer = 0;
    this._asked = 0;
    this._kept = "";
    /** @type {Set<() => void>} */
    this._listeners = new Set();
    // Until the file has come nothing can be typed: it would be written over.
    this._area = el("textarea", { id, class: "toml", spellcheck: false, wrap: "off", readOnly: true, oninput: () => this._changed(), onscroll: () => this._scroll() });
    this._gutter = el("div", { class: "gutter", "aria-hidden": "true" });
    this._problems = el("ul", { class: "refused", "aria-live": "assertive" });
    this._changes = el("div", { class: "changes", role: "status" });
    this._save = el("button", { type: "button", class: "primary", disabled: true, onclick: () => this.save() }, t("Write the file"));
    this._undo = el("button", { type: "button", disabled: true, onclick: () => this.set(this._kept) }, t("Back to the file"));
    this._said = el("p", { role: "status" });
    this.element = el("div", { class: "editor" }, el("label", { htmlFor: id }, t("Table file")),
      el("div", { class: "text" }, this._gutter, this._area), this._problems, this._changes,
      el("div", { class: "actions" }, this._save, this._undo), this._said);
  }

  /** @param {string} text the file as it is */
  load(text) {
    this._kept = text;
    this._area.readOnly = false;
    this.set(sessionStorage.getItem(DRAFT) ?? text);
  }

  get text() {
    return this._area.value;
  }

  /** Another text, as if somebody typed it. @param {string} text */
  set(text) {
    this._area.value = text;
    this._changed();
  }

  /** @param {() => void} fn called when the text is another one */
  onChange(fn) {
    this._listeners.add(fn);
  }

  _changed() {
    const same = this.text === this._kept;
    if (same) sessionStorage.removeItem(DRAFT);
    else sessionStorage.setItem(DRAFT, this.text);
    this._undo.disabled = same;
    this._save.disabled = true;
    this._said.textContent = "";
    this._number([]);
    clearTimeout(this._timer);
    this._timer = setTimeout(() => void this._compare(), PAUSE_MS);
    for (const fn of this._listeners) fn();
  }

  async _compare() {
    const asked = ++this._asked;
    try {
      const answer = await this._app.api.post("service/table/diff", { text: this.text });
      if (asked !== this._asked) return;
      this._tell(answer.problems ?? [], answer.changes ?? []);
    } catch (error) {
      if (asked !== this._asked) return;
      const refused = /** @type {import("../api.js").ApiError} */ (error);
      this._tell(refused.problems?.length ? refused.problems : [{ field: null, line: null, text: refused.message }], []);
    }
  }

  /** @param {import("../api.js").Problem[]} problems @param {any[]} changes */
  _tell(problems, changes) {
    const { t } = this._app;
    this._number(problems.map((one) => one.line).filter((line) => line !== null));
    this._problems.replaceChildren(...problems.map((one) => el("li", null, one.line === null ? null
      : el("button", { type: "button", onclick: () => this._goTo(/** @type {number} */ (one.line)) }, t("Line {line}", { line: one.line })),
    el("span", null, one.text))));
    const same = this.text === this._kept;
    this._save.disabled = same || problems.length > 0;
    if (same || problems.length > 0) this._changes.replaceChildren();
    else this._changes.replaceChildren(...this._difference(changes));
  }

  /** @param {any[]} changes */
  _difference(changes) {
    const { t } = this._app;
    if (changes.length === 0) return [el("p", null, t("Only comments or the layout differ; no value changes."))];
    const shown = (/** @type {any} */ value, /** @type {string} */ unit) =>
      value === null || value === undefined ? t("not set") : `${value}${unit ? ` ${unit}` : ""}`;
    return [el("table", null,
      el("thead", null, el("tr", null, [t("Value"), t("Now"), t("Then")].map((text) => el("th", { scope: "col" }, text)))),
      el("tbody", null, changes.map((one) => el("tr", null, el("th", { scope: "row" }, one.name),
        el("td", { class: "number" }, el("del", null, shown(one.before, one.unit))),
        el("td", { class: "number" }, el("ins", null, shown(one.after, one.unit)))))))];
  }

  /** @param {number[]} wrong lines with a refusal */
  _number(wrong) {
    const lines = this.text.split("\n").length;
    this._gutter.replaceChildren(...Array.from({ length: lines }, (_, place) =>
      el("span", { class: wrong.includes(place + 1) ? "wrong" : "" }, wrong.includes(place + 1) ? `▲ ${place + 1}` : place + 1)));
    this._scroll();
  }

  _scroll() {
    this._gutter.scrollTop = this._area.scrollTop;
  }

  /** @param {number} line */
  _goTo(line) {
    const before = this.text.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    const end = this.text.indexOf("\n", before);
    this._area.focus();
    this._area.setSelectionRange(before, end < 0 ? this.text.length : end);
  }

  /** Write the file. @returns {Promise<boolean>} whether it was written */
  async save() {
    const { t, api } = this._app;
    const text = this.text;
    try {
      const answer = await api.put("service/table", { text });
      this._kept = text;
      this._changed();
      this._said.className = "good-text";
      this._said.textContent = answer?.notice ?? t("Written. It counts from the next start on.");
      return true;
    } catch (error) {
      const refused = /** @type {import("../api.js").ApiError} */ (error);
      this._tell(refused.problems?.length ? refused.problems : [{ field: null, line: null, text: refused.message }], []);
      return false;
    }
  }

  leave() {
    clearTimeout(this._timer);
  }
}

const DRAFT = "righting.draft.table";
