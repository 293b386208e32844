// @ts-check
/** The session, readable from two metres: the table as it moves, numbers, program, machine. */

import { Chart, Timeline } from "../charts.js";
import { comfortScale } from "../comfort.js";
import { el, write } from "../dom.js";
import { holdButton } from "../hold.js";
import { Picture } from "../picture.js";
import { contact, headline, linkCounters, outcome, signals } from "../words.js";

/** @typedef {import("../app.js").App} App */

/** Write rows of names and values, and make elements only where there are too few. @param {HTMLElement} list @param {{text: string, value: string, bad?: boolean}[]} rows */
function writeRows(list, rows) {
  while (list.children.length > rows.length) list.lastElementChild?.remove();
  while (list.children.length < rows.length) list.append(el("div", null, el("dt"), el("dd")));
  for (const [index, row] of rows.entries()) {
    const element = list.children[index];
    write(element.children[0], row.text);
    write(element.children[1], row.value);
    element.classList.toggle("bad", row.bad === true);
  }
}

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
      { text: t("Takes, until upright again"), value: format.duration(setup.total_s) },
      { text: t("Highest angle"), value: format.angle(highest_deg, 0) },
      { text: t("Limit of this rider"), value: format.angle(setup.limit_deg, 0) },
      { text: t("Time inverted, at most"), value: format.duration(setup.allowance_s) },
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

/** What the board measures, the limits in force, and how the link is. */
class Machine {
  /** @param {App} app */
  constructor(app) {
    const { t } = app;
    this._app = app;
    this._signals = el("dl", { id: "signals", class: "facts" });
    this._limits = el("dl", { class: "facts" });
    this._link = el("p", { class: "quiet-text" });
    this._counters = el("dl", { class: "facts" });
    this.element = el("section", { id: "machine", "aria-labelledby": "machine-title" },
      el("h2", { id: "machine-title" }, t("Table")), this._signals,
      el("details", { open: true }, el("summary", null, t("Limits in force")), this._limits),
      el("details", null, el("summary", null, t("Link to the table")), this._link, this._counters));
  }

  /** @param {any} setup */
  begin(setup) {
    const { t, format } = this._app;
    const limits = setup.limits ?? [
      { name: "inverted_limit_deg", value: setup.limit_deg, unit: "°" },
      { name: "time_inverted_s", value: setup.allowance_s, unit: "s" },
    ];
    const names = /** @type {Record<string, string>} */ ({
      inverted_limit_deg: t("Most inverted"), upright_deg: t("Upright"), time_inverted_s: t("Time inverted"),
      invert_rate_dps: t("Rate toward inversion"), upward_rate_dps: t("Rate toward upright"),
      head_up_rate_dps: t("Rate near upright"), accel_dps2: t("Acceleration"),
    });
    writeRows(this._limits, limits.filter((/** @type {any} */ one) => one.name in names).map((/** @type {any} */ one) => ({
      text: names[one.name],
      value: one.unit === "s" ? format.duration(one.value)
        : `${format.number(one.value, Number.isInteger(one.value) ? 0 : 1)} ${one.unit.replace("deg", "°")}`.replace(/ °$/, "°"),
    })));
  }

  /** @param {any} state */
  show(state) {
    const { t, told, format } = this._app;
    const shown = state.machine ?? {};
    writeRows(this._signals, Object.entries(signals()).map(([name, text]) => {
      const value = shown[name] ?? null;
      const lost = name.endsWith("_deg") && state.lost_sensors.includes(name.slice(0, -4));
      return { text, value: lost ? t("not believed") : this._quantity(name, value), bad: lost || isBad(name, value) };
    }));
    write(this._link, told(state.problem || state.link));
    const stats = state.link_stats ?? {};
    const known = Object.entries(linkCounters()).filter(([name]) => typeof stats[name] === "number");
    const rows = known.map(([name, text]) => ({ text, value: format.number(stats[name]) }));
    if (typeof stats.round_trip_s === "number") {
      rows.unshift({ text: t("Round trip"), value: `${format.number(stats.round_trip_s * 1e3)} ms` });
    }
    writeRows(this._counters, rows);
  }

  /** @param {string} name @param {any} value */
  _quantity(name, value) {
    if (typeof value === "string") return contact(name, value);
    const unit = { deg: "°", v: " V", a: " A", c: " °C" }[/** @type {"deg"} */ (name.split("_").at(-1))];
    const text = this._app.format.signed(value).replace("+", "");
    return value === null ? text : text + unit;
  }
}

/** @param {string} name @param {any} value */
function isBad(name, value) {
  return value === null || value === "contradictory" || (name === "emergency_stop" && value === "pressed") ||
    (name === "ankle_latch" && value === "open");
}

/** START, and what is asked before it. */
class Start {
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

/** What came of it, and how the rider is. */
class Result {
  /** @param {App} app @param {HTMLElement} root */
  constructor(app, root) {
    const { t } = app;
    this._app = app;
    this._shown = null;
    this._title = el("h2", { id: "result-title" });
    this._reason = el("p", { id: "reason" });
    this._facts = el("dl", { class: "facts" });
    this._comfort = el("div", null);
    this.element = el("section", { id: "result", "aria-labelledby": "result-title", hidden: true },
      this._title, this._reason, this._facts,
      el("p", null, t("What stands behind this is how it was at the end. Nothing is measured until a new session.")),
      this._comfort,
      el("div", { class: "actions" },
        el("button", { type: "button", id: "next", class: "primary", onclick: () => app.press("next") }, t("New session")),
        el("a", { class: "button", href: "#/session/choose" }, t("Choose rider and program"))));
    root.append(this.element);
  }

  /** @param {any} state @param {any} setup */
  show(state, setup) {
    const { t, told, format } = this._app;
    this.element.hidden = state.outcome === null;
    if (state.outcome === null || this._shown === setup) return;
    this._shown = setup;
    this.element.closest("main")?.scrollTo(0, 0);
    write(this._title, outcome(state.outcome.name));
    write(this._reason, state.outcome.name === "completed" ? "" : told(state.outcome.reason));
    const angles = this._app.chart().map(([, angle_deg]) => angle_deg).filter((one) => one !== null);
    writeRows(this._facts, [
      { text: t("Time inverted"), value: t("{time} of {allowance}",
        { time: format.duration(state.inverted_s), allowance: format.duration(setup.allowance_s) }) },
      { text: t("Highest angle of the last minutes"), value: format.angle(angles.length ? Math.max(.../** @type {number[]} */ (angles)) : null) },
    ]);
    const ask = setup.reference && this._app.may("operator");
    this._comfort.replaceChildren(...(ask ? [comfortScale("after", t("How does the rider feel now?"), (after) => {
      void keepComfort(this._app, setup.reference, after);
    })] : []));
  }
}

const LOOKS = 15;
const LOOK_MS = 1000;

/** Keep how the rider feels with the session, which is in the records a moment after it has ended. @param {App} app @param {string} reference @param {number} after */
async function keepComfort({ api, hint, t }, reference, after) {
  try {
    for (let look = 0; look < LOOKS; look += 1) {
      for (const { id } of (await api.get("sessions?limit=3")).sessions) {
        if ((await api.get(`sessions/${id}`)).reference !== reference) continue;
        await api.put(`sessions/${id}/comfort`, { after });
        hint(t("Kept with the session"));
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    hint(t("The session is not in the records yet: enter this under History."), true);
  } catch (error) {
    hint(error instanceof Error ? error.message : String(error), true);
  }
}

class Session {
  /** @param {HTMLElement} root @param {App} app */
  constructor(root, app) {
    const { t } = app;
    this._app = app;
    this._root = root;
    this._setup = null;
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    for (const [name, value] of [["id", "table"], ["viewBox", "-135 -128 270 268"], ["role", "img"], ["aria-labelledby", "picture-title"]]) {
      svg.setAttribute(name, value);
    }
    this._picture = new Picture(svg);
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
        el("h2", { id: "picture-title", class: "quiet" }, t("The table from the side")), svg),
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
