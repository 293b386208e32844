// @ts-check
/** Tokens: by them other programs use the panel's API, with the rights of a role. Each is shown once. */

import { el, field, showProblems, values } from "../dom.js";
import { roleOptions, roleWord } from "./roles.js";

/** @typedef {import("../app.js").App} App */

class Tokens {
  /** @param {HTMLElement} root @param {App} app */
  constructor(root, app) {
    const { t } = app;
    this._app = app;
    this._list = el("ul", { class: "list tokens" });
    this._shown = el("div", { class: "shown", role: "status" });
    root.setAttribute("aria-labelledby", "tokens-title");
    root.append(el("h2", { id: "tokens-title" }, t("Tokens for other programs")), this._list, this._shown, this._adding());
  }

  async load() {
    const { t, api } = this._app;
    try {
      const { tokens } = await api.get("tokens");
      const none = el("li", null, el("p", null, t("There is none.")));
      this._list.replaceChildren(...(tokens.length === 0 ? [none] : tokens.map((/** @type {any} */ one) => this._token(one))));
    } catch (error) {
      this._list.replaceChildren(el("li", { class: "wrong-text" }, /** @type {Error} */ (error).message));
    }
  }

  /** @param {any} one */
  _token(one) {
    const { t, api, ask, format } = this._app;
    const used = one.last_used_at ? t("last used {time}", { time: format.time(one.last_used_at) }) : t("never used");
    const ends = one.expires_at ? t("ends {date}", { date: format.date(one.expires_at) }) : t("never ends");
    const remove = el("button", { type: "button", class: "danger", onclick: async () => {
      if (!(await ask(t("Remove the token {name}? The program that uses it is shut out at once.", { name: one.name }), t("Remove"), t("Keep")))) return;
      try {
        await api.delete(`tokens/${one.id}`);
        await this.load();
      } catch (error) {
        this._app.hint(/** @type {Error} */ (error).message, true);
      }
    } }, t("Remove"));
    return el("li", { class: "row" }, el("span", { class: "told" }, el("span", { class: "name" }, one.name),
      el("span", { class: "quiet-text" }, [roleWord(one.role), used, ends].join(" · "))), remove);
  }

  _adding() {
    const { t, api } = this._app;
    const form = el("form", { class: "add", "aria-label": t("Make a token"), onsubmit: async (/** @type {Event} */ event) => {
      event.preventDefault();
      const { name, role, days } = values(form);
      try {
        const made = await api.post("tokens", { name, role, ...(days === "" ? {} : { days: Number(days) }) });
        this._tell(made.token);
        form.reset();
        showProblems(form, []);
        await this.load();
      } catch (error) {
        const refused = /** @type {import("../api.js").ApiError} */ (error);
        showProblems(form, refused.problems ?? [], refused.message);
      }
    } },
    el("h3", null, t("Make a token")),
    el("div", { class: "fields" },
      field({ label: t("What it is for"), name: "name", required: true, maxLength: 100, autocomplete: "off" }),
      field({ label: t("Role"), name: "role", type: "select", value: "rider", options: roleOptions() }),
      field({ label: t("Ends after"), name: "days", type: "number", unit: t("days"), min: 1, max: 3660, hint: t("Empty: it never ends.") })),
    el("div", { class: "actions" }, el("button", { type: "submit" }, t("Make a token"))));
    return form;
  }

  /** @param {string} token */
  _tell(token) {
    const { t } = this._app;
    const copy = el("button", { type: "button", onclick: async () => {
      try {
        await navigator.clipboard.writeText(token);
        this._app.hint(t("Copied"));
      } catch {
        this._app.hint(t("This browser copies nothing here: mark the token and copy it by hand."), true);
      }
    } }, t("Copy"));
    const done = el("button", { type: "button", onclick: () => this._shown.replaceChildren() }, t("I have it"));
    this._shown.replaceChildren(
      el("p", null, t("This is the token. It is shown this once: copy it now.")), el("code", null, token),
      el("div", { class: "actions" }, copy, done));
  }
}

/** @param {HTMLElement} place @param {App} app */
export function showTokens(place, app) {
  return new Tokens(place, app).load();
}
