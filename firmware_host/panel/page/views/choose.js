// @ts-check
/** Who rides, and what: with time and limits, before anything can start. */

import { ApiError, said } from "../api.js";
import { el } from "../dom.js";
import { build } from "./parts.js";

/** @typedef {import("../app.js").App} App */

/**
 * @param {string} name @param {string} title @param {{value: string, text: string, more: string}[]} options
 * @param {string} none @param {(value: string) => void} chosen
 */
function choices(name, title, options, none, chosen) {
  return el("fieldset", { class: "card" }, el("legend", null, title),
    options.length === 0 ? el("p", null, none) : null,
    options.map(({ value, text, more }) => el("label", { class: "choice" },
      el("input", { type: "radio", name, value, onchange: () => chosen(value) }),
      el("span", null, text, el("br"), el("span", { class: "quiet-text" }, more)))));
}

class Choice {
  /** @param {HTMLElement} root @param {App} app */
  constructor(root, app) {
    const { t } = app;
    this._app = app;
    /** @type {{rider: number | null, program: number | null}} */
    this._chosen = { rider: null, program: null };
    this._count = 0;
    this._lists = el("div", { class: "cards" }, el("p", { role: "status" }, t("Loading …")));
    this._told = el("div", { role: "status", tabindex: 0 });
    this._use = el("button", { type: "button", class: "primary", disabled: true, onclick: () => void this._send() },
      t("Take these"));
    root.append(this._lists, el("section", { class: "card outlook", "aria-label": t("What is planned") }, this._told,
      el("div", { class: "actions" }, this._use, el("a", { class: "button", href: "#/session" }, t("Back")))));
    this._tell(el("p", null, t("Choose a rider and a program.")));
    void this._load();
  }

  async _load() {
    const { api, t, format } = this._app;
    try {
      const [riders, programs] = await Promise.all([api.get("riders"), api.get("programs")]);
      this._lists.replaceChildren(
        choices("rider", t("Rider"), riders.riders.map((/** @type {any} */ one) => ({
          value: String(one.id), text: one.name,
          more: `${build(this._app, one)} · ${one.reasons > 0 || one.limit_deg === null ? t("may not ride yet") : t("limit {angle}", { angle: format.angle(one.limit_deg, 0) })}`,
        })), t("There is no rider yet: add one under Riders."), (value) => this._choose("rider", value)),
        choices("program", t("Program"), programs.programs.map((/** @type {any} */ one) => ({
          value: String(one.id), text: one.name,
          more: t("{total}, at most {angle}", { total: format.duration(one.total_s), angle: format.angle(one.highest_deg, 0) }),
        })), t("There is no program yet: add one under Programs."), (value) => this._choose("program", value)));
    } catch (error) {
      this._lists.replaceChildren(el("p", { class: "wrong-text", role: "alert" }, said(error)));
    }
  }

  /** @param {"rider" | "program"} what @param {string} value */
  _choose(what, value) {
    this._chosen[what] = Number(value);
    void this._preview();
  }

  async _preview() {
    const { api, t, format } = this._app;
    const { rider, program } = this._chosen;
    this._use.disabled = true;
    if (rider === null || program === null) return;
    const count = ++this._count;
    try {
      const { text } = await api.get(`programs/${program}`);
      const shown = await api.post("programs/preview", { text, rider_id: rider });
      if (count !== this._count) return;
      this._use.disabled = !shown.ok;
      this._tell(el("dl", { class: "facts" }, [
        [t("Takes, until upright again"), format.duration(shown.total_s)],
        [t("Time inverted"), t("{time} of {allowance}", { time: format.duration(shown.inverted_s), allowance: format.duration(shown.allowance_s) })],
        [t("Highest angle"), format.angle(shown.highest_deg, 0)],
        [t("Limit of this rider"), format.angle(shown.limit_deg, 0)],
      ].map(([name, value]) => el("div", null, el("dt", null, name), el("dd", null, value)))),
      shown.problems.map((/** @type {any} */ one) => el("p", { class: "wrong-text" }, this._app.told(one.text))));
    } catch (error) {
      if (count === this._count) this._refused(error);
    }
  }

  async _send() {
    const { api, go, t, hint } = this._app;
    this._use.disabled = true;
    try {
      await api.post("sessions/choose", { rider_id: this._chosen.rider, program_id: this._chosen.program });
      hint(t("Rider and program are chosen"));
      go("#/session");
    } catch (error) {
      this._refused(error);
      this._use.disabled = false;
    }
  }

  /** @param {unknown} error */
  _refused(error) {
    const problems = error instanceof ApiError ? error.problems : [];
    this._tell(el("p", { class: "wrong-text" }, said(error)),
      problems.map((one) => el("p", { class: "wrong-text" }, this._app.told(one.text))));
  }

  /** @param {...(Node | Node[])} children */
  _tell(...children) {
    this._told.replaceChildren(...children.flat());
  }
}

/** @type {import("../router.js").View} */
export default {
  title: "Rider and program",
  mount(root, app) {
    new Choice(root, app);
  },
};
