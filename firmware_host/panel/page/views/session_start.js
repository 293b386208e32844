// @ts-check
/** START, and what is asked before it. */

import { comfortScale } from "../comfort.js";
import { el, write } from "../dom.js";

/** @typedef {import("../app.js").App} App */

export class Start {
  /** @param {App} app @param {HTMLElement} root */
  constructor(app, root) {
    const { t } = app;
    this._app = app;
    this._button = /** @type {HTMLButtonElement} */ (document.getElementById("start"));
    this._label = /** @type {HTMLElement} */ (this._button.querySelector(".label"));
    this._checks = el("ul", { id: "checks" });
    this._total = el("p", { class: "total" });
    this._notYet = el("button", { type: "button", id: "not-yet", onclick: () => this._dialog.close() }, t("Not yet"));
    this._now = el("button", { type: "button", id: "start-now", class: "start", onclick: () => {
      this._dialog.close();
      const confirmed = this._forPeople(app.state()).map((one) => one.id);
      app.press("start", confirmed.length ? { confirmed } : {});
    } }, t("START NOW"));
    this._comfort = el("div", null);
    /** The session that was asked about. @type {number | null} */
    this._session = null;
    this._dialog = el("dialog", { id: "before-start", "aria-labelledby": "before-start-title",
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key === "Escape") this._dialog.close();
      } },
    el("h2", { id: "before-start-title" }, t("Before the table moves")), this._checks, this._total, this._comfort,
    el("div", { class: "answers" }, this._now, this._notYet));
    root.append(this._dialog);
    this._open = () => {
      const state = app.state();
      if (this._mustCheck(state)) app.go("#/checks");
      else if (state !== null) this._ask(state);
    };
    this._button.addEventListener("click", this._open);
  }

  /** The machine has not shown everything yet that it has to show before the first motion. @param {any} state */
  _mustCheck(state) {
    const { needed, checks } = state?.preflight ?? { needed: false, checks: [] };
    return needed && checks.some((/** @type {any} */ one) => one.kind !== "operator" && one.state !== "ok");
  }

  /** What only a person can see, where it is asked for. @param {any} state @returns {{id: string, text: string}[]} */
  _forPeople(state) {
    const { needed, checks } = state?.preflight ?? { needed: false, checks: [] };
    return needed ? checks.filter((/** @type {any} */ one) => one.kind === "operator") : [];
  }

  /** @param {any} state */
  _ask(state) {
    const { t, format, api } = this._app;
    const setup = this._app.setup();
    this._session = setup.session;
    this._showChecks(state);
    write(this._total, t("{program} takes {total}, at most {angle}, within the limit of {limit}.", {
      program: setup.program, total: format.duration(setup.total_s), limit: format.angle(setup.limit_deg, 0),
      angle: format.angle(Math.max(...setup.segments.map((/** @type {any} */ one) => one.to_deg)), 0),
    }));
    const reference = setup.reference;
    this._comfort.replaceChildren(...(reference && this._app.may("operator") ? [comfortScale("before", t("How does the rider feel now?"), (before) => {
      api.post("sessions/comfort", { reference, before }).catch((error) => this._app.hint(error.message, true));
    })] : []));
    if (!this._dialog.open) this._dialog.show();
    this._notYet.focus();
  }

  /** @param {any} state */
  show(state) {
    const ready = state.state === "boarding_ready";
    this._button.hidden = !ready;
    write(this._label, this._mustCheck(state) ? this._app.t("CHECKS …") : this._app.t("START …"));
    const asked = ready && state.session === this._session;
    if (!asked && this._dialog.open) this._dialog.close();
    if (this._dialog.open) this._showChecks(state);
  }

  /** @param {any} state */
  _showChecks(state) {
    const { t } = this._app;
    const machine = state.machine ?? {};
    const asked = this._forPeople(state).map(({ text }) => ["look", this._app.told(text)]);
    const rows = [
      machine.ankle_latch === "locked" ? ["yes", t("The ankle latch is locked")] : ["no", t("The ankle latch is not locked")],
      machine.hand_switch === "held"
        ? ["yes", t("The rider holds the hand switch")] : ["no", t("The rider does not hold the hand switch")],
      machine.emergency_stop === "released"
        ? ["yes", t("The emergency stop is released")] : ["no", t("The emergency stop is pressed")],
      ...(asked.length > 0 ? asked : [["look", t("Look: nobody and nothing is in the table's way, and the rider is well.")]]),
    ];
    while (this._checks.children.length > rows.length) this._checks.lastElementChild?.remove();
    while (this._checks.children.length < rows.length) this._checks.append(el("li"));
    for (const [index, [kind, text]] of rows.entries()) {
      write(this._checks.children[index], text);
      this._checks.children[index].className = kind;
    }
  }

  leave() {
    this._button.removeEventListener("click", this._open);
    this._button.hidden = true;
  }
}
