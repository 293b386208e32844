// @ts-check
/** The session, readable from two metres: the table as it moves, numbers, program, machine. */

import { Chart, Timeline } from "../charts.js";
import { el, write } from "../dom.js";
import { Picture } from "../picture.js";
import { contact, signals, stateWords } from "../words.js";

/** @typedef {import("../app.js").App} App */

class Session {
  /** @param {HTMLElement} root @param {App} app */
  constructor(root, app) {
    const { t } = app;
    this._app = app;
    this._session = null;
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    for (const [name, value] of [["id", "table"], ["viewBox", "-135 -128 270 268"], ["role", "img"], ["aria-labelledby", "picture-title"]]) {
      svg.setAttribute(name, value);
    }
    this._picture = new Picture(svg);
    this._state = el("h2", { id: "state" });
    this._step = el("p", { id: "step" });
    this._angle = el("output", { id: "angle" });
    this._rate = el("output", { id: "rate" });
    this._meter = el("progress", { id: "inverted-meter", max: 1, value: 0 });
    this._inverted = el("output", { id: "inverted-text" });
    const timeline = el("canvas", { id: "timeline", role: "img", "aria-labelledby": "time-title" });
    const chart = el("canvas", { id: "chart", role: "img", "aria-labelledby": "chart-title" });
    this._timeline = new Timeline(timeline);
    this._chart = new Chart(chart);
    this._numbers = el("section", { id: "numbers", "aria-labelledby": "state" }, this._state, this._step,
      el("dl", null,
        el("div", { class: "big" }, el("dt", null, t("Angle")), el("dd", null, this._angle, el("span", { class: "unit" }, "°"))),
        el("div", { class: "big" }, el("dt", null, t("Rate")), el("dd", null, this._rate, el("span", { class: "unit" }, "°/s")))),
      el("div", { id: "inverted" },
        el("label", { htmlFor: "inverted-meter" }, t("Inverted")), this._meter, this._inverted));
    this._signals = el("dl", { id: "signals" });
    root.append(
      el("section", { id: "picture", "aria-labelledby": "picture-title" },
        el("h2", { id: "picture-title", class: "quiet" }, t("The table from the side")), svg),
      this._numbers,
      el("section", { id: "time", "aria-labelledby": "time-title" },
        el("h2", { id: "time-title" }, t("Program")), timeline, el("h2", { id: "chart-title" }, t("Last minutes")), chart),
      el("section", { id: "machine", "aria-labelledby": "machine-title" },
        el("h2", { id: "machine-title" }, t("Table")), this._signals));
    this._makeStart(root);
    this._makeResult(root);
  }

  /** @param {HTMLElement} root */
  _makeStart(root) {
    const { t } = this._app;
    this._checks = el("ul", { id: "checks" });
    const close = () => this._before.close();
    this._notYet = el("button", { type: "button", id: "not-yet", onclick: close }, t("Not yet"));
    this._before = el("dialog", { id: "before-start", "aria-labelledby": "before-start-title" },
      el("h2", { id: "before-start-title" }, t("Before the table moves")), this._checks,
      el("div", { class: "answers" },
        el("button", { type: "button", id: "start-now", class: "start", onclick: () => {
          close();
          this._app.press("start");
        } }, t("START NOW")), this._notYet));
    root.append(this._before);
    this._start = /** @type {HTMLButtonElement} */ (document.getElementById("start"));
    this._ask = () => {
      this._showChecks(this._app.state());
      if (!this._before.open) this._before.show();
      this._notYet.focus();
    };
    this._start.addEventListener("click", this._ask);
  }

  /** @param {HTMLElement} root */
  _makeResult(root) {
    const { t } = this._app;
    this._resultTitle = el("h2", { id: "result-title" });
    this._reason = el("p", { id: "reason" });
    this._result = el("section", { id: "result", "aria-labelledby": "result-title", hidden: true },
      this._resultTitle, this._reason,
      el("button", { type: "button", id: "next", onclick: () => this._app.press("next") }, t("New session")));
    root.append(this._result);
  }

  /** @param {any} state @param {any} setup */
  show(state, setup) {
    const { format } = this._app;
    if (setup !== this._session) {
      this._session = setup;
      this._picture.begin(setup);
    }
    this._picture.show(state);
    write(this._angle, format.signed(state.angle_deg));
    write(this._rate, format.signed(state.rate_dps));
    write(this._state, stateWords(state.state, state.words));
    write(this._step, state.step);
    this._numbers.dataset.state = state.state.split("_")[0];
    this._showInverted(state, setup);
    this._timeline.show(setup, state);
    this._chart.show(setup, state, this._app.chart());
    this._showMachine(state);
    this._showResult(state);
    this._start.hidden = state.state !== "boarding_ready";
    if (state.state !== "boarding_ready" && this._before.open) this._before.close();
    if (this._before.open) this._showChecks(state);
  }

  /** @param {any} state @param {any} setup */
  _showInverted(state, setup) {
    const share = setup.allowance_s > 0 ? state.inverted_s / setup.allowance_s : 1;
    this._meter.value = Math.min(share, 1);
    this._meter.parentElement?.classList.toggle("over", share > 1);
    const values = { time: Math.floor(state.inverted_s), allowance: Math.round(setup.allowance_s) };
    write(this._inverted, this._app.t("{time} of {allowance} s", values));
  }

  /** @param {any} state */
  _showMachine(state) {
    const { t } = this._app;
    const shown = state.machine ?? {};
    const rows = Object.entries(signals()).map(([name, text]) => {
      const value = shown[name] ?? null;
      const lost = name.endsWith("_deg") && state.lost_sensors.includes(name.slice(0, -4));
      return { text, value: lost ? t("not believed") : this._quantity(name, value), bad: lost || isBad(name, value) };
    });
    if (this._signals.children.length !== rows.length) {
      this._signals.replaceChildren(...rows.map(() => el("div", null, el("dt"), el("dd"))));
    }
    for (const [index, row] of rows.entries()) {
      const element = this._signals.children[index];
      write(element.children[0], row.text);
      write(element.children[1], row.value);
      element.classList.toggle("bad", row.bad);
    }
  }

  /** @param {string} name @param {any} value */
  _quantity(name, value) {
    if (typeof value === "string") return contact(value);
    const unit = { deg: "°", v: " V", a: " A", c: " °C" }[/** @type {"deg"} */ (name.split("_").at(-1))];
    const text = this._app.format.signed(value).replace("+", "");
    return value === null ? text : text + unit;
  }

  /** @param {any} state */
  _showResult(state) {
    const { t, told } = this._app;
    this._result.hidden = state.outcome === null;
    if (state.outcome === null) return;
    const results = {
      completed: t("Session completed, rider upright"), returned: t("Session ended early, rider upright"),
      emergency_returned: t("Emergency return, rider upright"), stopped: t("Session stopped"),
      refused: t("Session refused"),
    };
    write(this._resultTitle, results[/** @type {"completed"} */ (state.outcome.name)] ?? state.outcome.name);
    write(this._reason, state.outcome.name === "completed" ? "" : told(state.outcome.reason));
  }

  /** @param {any} state */
  _showChecks(state) {
    const { t } = this._app;
    const machine = state?.machine ?? {};
    const rows = [
      machine.ankle_latch === "locked" ? ["yes", t("The ankle latch is locked")] : ["no", t("The ankle latch is not locked")],
      machine.hand_switch === "held"
        ? ["yes", t("The rider holds the hand switch")] : ["no", t("The rider does not hold the hand switch")],
      machine.emergency_stop === "released"
        ? ["yes", t("The emergency stop is released")] : ["no", t("The emergency stop is pressed")],
      ["look", t("Look: nobody and nothing is in the table's way, and the rider is well.")],
    ];
    while (this._checks.children.length < rows.length) this._checks.append(el("li"));
    for (const [index, [kind, text]] of rows.entries()) {
      write(this._checks.children[index], text);
      this._checks.children[index].className = kind;
    }
  }

  leave() {
    this._start.removeEventListener("click", this._ask);
    this._start.hidden = true;
  }
}

/** @param {string} name @param {any} value */
function isBad(name, value) {
  return value === null || value === "contradictory" || (name === "emergency_stop" && value === "pressed") ||
    (name === "ankle_latch" && value === "open");
}

/** @type {import("../router.js").View} */
export default {
  title: "Session",
  mount(root, app) {
    const session = new Session(root, app);
    const off = app.onState((state, setup) => session.show(state, setup));
    return () => {
      off();
      session.leave();
    };
  },
};
