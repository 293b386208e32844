// @ts-check
/**
 * Directions and zero, found with the table empty: while it is moved by hand both ways, both angles and the rate must move
 * the same right way and by the same amount; when the upright switch closes, both must read the boarding position.
 */

import { el, write } from "../dom.js";
import { holdPanel } from "./service_jog.js";

/** @typedef {import("../app.js").App} App */

/** A motion shorter than this tells nothing. */
const LEAST_DEG = 5;
/** Both angles turn by the same amount, but for this. */
const AGREE_DEG = 1;
/** At the switch both read the boarding position, but for this. */
const ZERO_DEG = 2;
const MOVING_DPS = 0.3;

/**
 * @typedef {{encoder: number, inclinometer: number}} Angles
 * @typedef {{from: Angles, to: Angles, rateSign: number, rates: number}} Leg what was seen while a button was held, or held again
 */

/** Judge the samples of a check; knows no page, so that it can be tried without one. */
export class Directions {
  /** @param {number} upright_deg the boarding position */
  constructor(upright_deg) {
    this._upright_deg = upright_deg;
    /** @type {Record<"inversion" | "upright", Leg | null>} the longest motion each way */
    this.legs = { inversion: null, upright: null };
    /** @type {Angles | null} */
    this.atSwitch = null;
    /** @type {Leg | null} */
    this._leg = null;
    this._direction = 0;
  }

  /** @param {any} state */
  take(state) {
    const direction = state.manual?.direction ?? 0;
    const machine = state.machine;
    const angles = machine && machine.encoder_deg !== null && machine.inclinometer_deg !== null
      ? { encoder: machine.encoder_deg, inclinometer: machine.inclinometer_deg } : null;
    // A hold that was lost and pressed again goes on with the same motion: the brake kept the table where it was.
    if (direction !== 0 && direction !== this._direction && angles !== null) {
      this._leg = { from: angles, to: angles, rateSign: 0, rates: 0 };
      this._direction = direction;
    }
    if (angles === null) return;
    const rate = state.rate_dps ?? machine.rate_dps ?? null;
    const still = rate === null || Math.abs(rate) < MOVING_DPS;
    if (machine.upright_switch === "closed" && direction === 0 && still) this.atSwitch = angles;
    const leg = this._leg;
    if (leg === null || direction === 0) return;
    leg.to = angles;
    if (!still) {
      leg.rateSign += Math.sign(rate);
      leg.rates += 1;
    }
    const name = this._direction > 0 ? "inversion" : "upright";
    if (this.legs[name] === null || length(leg) >= length(/** @type {Leg} */ (this.legs[name]))) this.legs[name] = leg;
  }

  /** @returns {{id: "inversion" | "upright" | "zero", state: "waiting" | "ok" | "wrong", encoder: number | null, inclinometer: number | null, why: string}[]} */
  results() {
    return [this._result("inversion", 1), this._result("upright", -1), this._zero()];
  }

  /** @param {"inversion" | "upright"} id @param {1 | -1} sign */
  _result(id, sign) {
    const leg = this.legs[id];
    if (leg === null || length(leg) < LEAST_DEG) return { id, state: /** @type {const} */ ("waiting"), encoder: null, inclinometer: null, why: "" };
    const turned = { encoder: leg.to.encoder - leg.from.encoder, inclinometer: leg.to.inclinometer - leg.from.inclinometer };
    const why = this._wrong(turned, leg, sign);
    return { id, state: /** @type {"ok" | "wrong"} */ (why === "" ? "ok" : "wrong"), ...turned, why };
  }

  /** @param {Angles} turned @param {Leg} leg @param {1 | -1} sign @returns {string} the name of what is wrong */
  _wrong(turned, leg, sign) {
    if (turned.encoder * sign < 0) return "encoder";
    if (turned.inclinometer * sign < 0) return "inclinometer";
    if (Math.abs(turned.encoder - turned.inclinometer) > AGREE_DEG) return "amount";
    if (leg.rates > 0 && Math.sign(leg.rateSign) !== sign) return "rate";
    return "";
  }

  _zero() {
    const id = /** @type {const} */ ("zero");
    if (this.atSwitch === null) return { id, state: /** @type {const} */ ("waiting"), encoder: null, inclinometer: null, why: "" };
    const off = (/** @type {number} */ angle) => Math.abs(angle - this._upright_deg) > ZERO_DEG;
    const why = off(this.atSwitch.encoder) ? "encoder" : off(this.atSwitch.inclinometer) ? "inclinometer" : "";
    return { id, state: /** @type {"ok" | "wrong"} */ (why === "" ? "ok" : "wrong"), ...this.atSwitch, why };
  }
}

/** @param {Leg} leg how far either angle turned */
function length(leg) {
  return Math.max(Math.abs(leg.to.encoder - leg.from.encoder), Math.abs(leg.to.inclinometer - leg.from.inclinometer));
}

export class DirectionCheck {
  /** @param {App} app @param {(findings: string[]) => void} store */
  constructor(app, store) {
    const { t } = app;
    this._app = app;
    /** @type {Directions | null} */
    this._found = null;
    this._panel = holdPanel(app);
    this._panel.lock(true);
    const empty = el("input", { type: "checkbox", id: "table-empty", onchange: () => {
      this._motion.hidden = !empty.checked;
      this._panel.lock(!empty.checked);
    } });
    this._rows = new Map(/** @type {[string, string][]} */ ([
      ["inversion", t("Toward inversion")], ["upright", t("Toward upright")], ["zero", t("At the upright switch")],
    ]).map(([id, name]) => [id, { state: el("td", null), encoder: el("td", { class: "number" }), inclinometer: el("td", { class: "number" }), name }]));
    this._store = el("button", { type: "button", class: "primary", disabled: true, onclick: () => store(this._findings()) }, t("Keep the result in the table's file"));
    const again = el("button", { type: "button", onclick: () => { this._found = null; } }, t("Begin again"));
    this._motion = el("div", { class: "motion", hidden: true },
      el("ol", null, el("li", null, t("Hold the right button until the table has turned by at least {angle}°.", { angle: LEAST_DEG })),
        el("li", null, t("Hold the left button until the upright switch closes and the table stands.")),
        el("li", null, t("Look with your own eyes that it turns the way the button says. If not, let go: the motor is wired the wrong way round."))),
      ...this._panel.elements, this._table(), el("div", { class: "actions" }, this._store, again));
    this.element = el("div", null,
      el("p", null, t("The table must be EMPTY. It is moved by hand at creep speed, a little each way. Then it is known whether both angles and the rate turn the right way, by the same amount, and read the boarding position at the switch.")),
      el("label", { class: "choice", htmlFor: "table-empty" }, empty, t("Nobody is on the table, and nothing is strapped to it")), this._motion);
    this._off = app.onState((state, setup) => this._take(state, setup));
  }

  _table() {
    const { t } = this._app;
    return el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": t("Result") }, el("table", null,
      el("thead", null, el("tr", null, el("th", { scope: "col" }, t("Checked")), el("th", { scope: "col" }, t("Result")),
        el("th", { scope: "col", class: "number" }, t("Encoder")), el("th", { scope: "col", class: "number" }, t("Inclinometer")))),
      el("tbody", null, [...this._rows.values()].map((row) =>
        el("tr", null, el("th", { scope: "row" }, row.name), row.state, row.encoder, row.inclinometer)))));
  }

  /** @param {any} state @param {any} setup */
  _take(state, setup) {
    const { t, format } = this._app;
    this._found ??= new Directions(setup.upright_deg);
    if (!this._motion.hidden) this._found.take(state);
    const results = this._found.results();
    for (const one of results) {
      const row = this._rows.get(one.id);
      if (row === undefined) continue;
      const words = { ok: t("right"), waiting: t("not seen yet"), wrong: this._why(one.id, one.why) }[one.state];
      write(row.state, words);
      row.state.className = { ok: "good-text", waiting: "quiet-text", wrong: "wrong-text" }[one.state];
      write(row.encoder, format.angle(one.encoder));
      write(row.inclinometer, format.angle(one.inclinometer));
    }
    this._store.disabled = results.some((one) => one.state !== "ok");
  }

  /** @param {string} id @param {string} why */
  _why(id, why) {
    const { t } = this._app;
    if (id === "zero") {
      return { encoder: t("the encoder does not read the boarding position: set its zero"), inclinometer: t("the inclinometer does not read the boarding position: level it") }[why] ?? "";
    }
    return {
      encoder: t("the encoder turns the wrong way: exchange its channels"), inclinometer: t("the inclinometer turns the wrong way: mount it the other way round"),
      amount: t("the angles turn by different amounts: check gear ratio and encoder resolution"), rate: t("the rate has the wrong sign: exchange the encoder's channels"),
    }[why] ?? "";
  }

  /** For the file, which is English. */
  _findings() {
    return (this._found?.results() ?? []).map((one) => {
      const [encoder, inclinometer] = [one.encoder, one.inclinometer].map((angle) => (angle ?? 0).toFixed(1));
      return one.id === "zero" ? `at the upright switch: encoder ${encoder} deg, inclinometer ${inclinometer} deg`
        : `toward ${one.id}: encoder turned ${encoder} deg, inclinometer ${inclinometer} deg, rate of the same sign`;
    });
  }

  leave() {
    this._off();
    this._panel.leave();
  }
}
