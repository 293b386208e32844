// @ts-check
/** The session, readable from two metres: the table as it moves, numbers, program, machine. */

import { Chart, Timeline } from "../charts.js";
import { el, svg, write, writeRows } from "../dom.js";
import { holdButton } from "../hold.js";
import { Picture } from "../picture.js";
import { headline } from "../words.js";
import { Machine } from "./session_machine.js";
import { Result } from "./session_result.js";
import { Start } from "./session_start.js";

/** @typedef {import("../app.js").App} App */

/** Angle, rate, what the table does and why not, time inverted. */
class Numbers {
  /** @param {App} app */
  constructor(app) {
    const { t } = app;
    this._app = app;
    this._about = el("p", { id: "program" });
    this._state = el("h2", { id: "state" });
    this._step = el("p", { id: "step" });
    this._angle = el("output", { id: "angle" });
    this._rate = el("output", { id: "rate" });
    this._meter = el("progress", { id: "inverted-meter", max: 1, value: 0 });
    this._inverted = el("output", { id: "inverted-text" });
    this.element = el("section", { id: "numbers", "aria-labelledby": "state" }, this._about, this._state, this._step,
      el("dl", null,
        el("div", { class: "big" }, el("dt", null, t("Angle")), el("dd", null, this._angle, el("span", { class: "unit" }, "°"))),
        el("div", { class: "big" }, el("dt", null, t("Rate")), el("dd", null, this._rate, el("span", { class: "unit" }, "°/s")))),
      el("div", { id: "inverted" },
        el("label", { htmlFor: "inverted-meter" }, t("Inverted")), this._meter, this._inverted));
  }

  /** @param {any} state @param {any} setup */
  show(state, setup) {
    const { format, told, t } = this._app;
    write(this._about, [setup.program, setup.rider, setup.table].filter((one) => one !== "").join(" · "));
    write(this._angle, format.signed(state.angle_deg));
    write(this._rate, format.signed(state.rate_dps));
    write(this._state, headline(state, setup));
    write(this._step, told(state.step));
    this.element.dataset.state = state.state.split("_")[0];
    const share = setup.allowance_s > 0 ? state.inverted_s / setup.allowance_s : 1;
    this._meter.value = Math.min(share, 1);
    this._meter.parentElement?.classList.toggle("over", share > 1);
    const values = { time: format.duration(Math.floor(state.inverted_s)), allowance: format.duration(setup.allowance_s) };
    write(this._inverted, t("{time} of {allowance}", values));
  }
}

/** What is on the table now: to be changed before anything moves. */
class Plan {
  /** @param {App} app */
  constructor(app) {
    const { t } = app;
    this._app = app;
    this._facts = el("dl", { class: "facts" });
    this._unscreened = el("p", { class: "wrong-text" });
    this.element = el("section", { id: "plan", "aria-labelledby": "plan-title" },
      el("h2", { id: "plan-title" }, t("What is planned")), this._facts, this._unscreened,
      el("div", { class: "actions" },
        el("a", { class: "button", href: "#/session/choose" }, t("Choose rider and program"))));
  }

  /** @param {any} setup */
  begin(setup) {
    const { t, format } = this._app;
    const highest_deg = Math.max(...setup.segments.map((/** @type {any} */ one) => one.to_deg), setup.upright_deg);
    writeRows(this._facts, [
      [t("Takes, until upright again"), format.duration(setup.total_s)],
      [t("Highest angle"), format.angle(highest_deg, 0)],
      [t("Limit of this rider"), format.angle(setup.limit_deg, 0)],
      [t("Time inverted, at most"), format.duration(setup.allowance_s)],
    ]);
    write(this._unscreened, t("The questionnaire does not allow this rider yet: a real table would refuse. See Riders."));
    this._unscreened.hidden = setup.unscreened.length === 0;
  }
}

/** Two buttons to be held, where nothing runs. */
class Manual {
  /** @param {App} app */
  constructor(app) {
    const { t } = app;
    this._app = app;
    this._holds = [holdButton(app, -1, t("▲ Hold: toward upright")), holdButton(app, 1, t("▼ Hold: toward inversion"))];
    this._why = el("p", { class: "quiet-text" });
    this.element = el("section", { id: "manual", "aria-labelledby": "manual-title", hidden: true },
      el("h2", { id: "manual-title" }, t("Move by hand, slowly")),
      el("div", { class: "holds" }, this._holds.map((one) => one.button)), this._why);
  }

  /** @param {any} state */
  show(state) {
    const manual = state.manual;
    const near = state.state.startsWith("boarding_") || state.state.startsWith("manual_");
    this.element.hidden = manual === undefined || manual === null || !(near || manual.allowed);
    if (this.element.hidden) return;
    const [up, down] = this._holds;
    up.button.disabled = !(manual.up_allowed ?? manual.allowed);
    down.button.disabled = !manual.allowed;
    write(this._why, manual.allowed ? "" : this._app.told(manual.why_not));
  }

  leave() {
    for (const one of this._holds) one.leave();
  }
}

class Session {
  /** @param {HTMLElement} root @param {App} app */
  constructor(root, app) {
    const { t } = app;
    this._app = app;
    this._root = root;
    this._setup = null;
    const table = svg("svg", { id: "table", viewBox: "-135 -128 270 268", role: "img", "aria-labelledby": "picture-title" });
    this._picture = new Picture(table);
    const timeline = el("canvas", { id: "timeline", role: "img", "aria-labelledby": "time-title" });
    const chart = el("canvas", { id: "chart", role: "img", "aria-labelledby": "chart-title" });
    this._timeline = new Timeline(timeline);
    this._chart = new Chart(chart);
    this._numbers = new Numbers(app);
    this._plan = new Plan(app);
    this._manual = new Manual(app);
    this._machine = new Machine(app);
    this._later = el("div", { id: "later" }, el("h2", { id: "chart-title" }, t("Last minutes")), chart);
    root.append(
      el("section", { id: "picture", "aria-labelledby": "picture-title" },
        el("h2", { id: "picture-title", class: "quiet" }, t("The table from the side")), table),
      this._numbers.element,
      el("section", { id: "time", tabindex: 0, "aria-labelledby": "time-title" },
        el("h2", { id: "time-title" }, t("Program")), timeline, this._later, this._plan.element),
      el("div", { id: "side", tabindex: 0 }, this._manual.element, this._machine.element));
    this._start = new Start(app, root);
    this._result = new Result(app, root);
  }

  /** @param {any} state @param {any} setup */
  show(state, setup) {
    if (setup !== this._setup) {
      this._setup = setup;
      this._picture.begin(setup);
      this._plan.begin(setup);
      this._machine.begin(setup);
    }
    this._root.classList.toggle("ended", state.outcome !== null);
    const before = state.state.startsWith("boarding_") || state.state === "offline";
    this._plan.element.hidden = !before;
    this._later.hidden = before;
    this._picture.show(state);
    this._numbers.show(state, setup);
    this._timeline.show(setup, state);
    if (!before) this._chart.show(setup, state, this._app.chart());
    this._manual.show(state);
    this._machine.show(state);
    this._start.show(state);
    this._result.show(state, setup);
  }

  leave() {
    this._start.leave();
    this._manual.leave();
  }
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
