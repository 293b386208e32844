// @ts-check
/** What comes from the board at this moment, and how the line to it does. */

import { el, write, writeRows } from "../dom.js";
import { contact, linkCounters, signals } from "../words.js";
import { Sparkline } from "./curves.js";

/** @typedef {import("../app.js").App} App */

const PERIOD_S = 0.25;
const MINUTE = 60 / PERIOD_S;
/** A value older than this is called old. */
const OLD_S = 0.5;
const UNITS = { deg: "°", dps: "°/s", v: "V", a: "A", c: "°C", s: "s" };

class Signal {
  /** @param {App} app @param {string} name @param {string} word */
  constructor(app, name, word) {
    this._app = app;
    this._name = name;
    /** @type {number | null} */
    this._seen_s = null;
    this._value = el("td", { class: "number value" });
    this._age = el("td", { class: "number" });
    this._spark = new Sparkline(MINUTE);
    this.row = el("tr", null, el("th", { scope: "row" }, word), this._value, this._age, el("td", { class: "spark" }, this._spark.element));
  }

  /** @param {any} value @param {number} now_s @param {boolean} lost @param {boolean} drawn the curve too */
  show(value, now_s, lost, drawn) {
    const { t, format } = this._app;
    if (value !== null) this._seen_s = now_s;
    const age_s = this._seen_s === null ? null : now_s - this._seen_s;
    const old = lost || (age_s !== null && age_s > OLD_S);
    this.row.classList.toggle("old", old);
    write(this._value, lost ? t("lost") : value === null ? "–" : this._words(value));
    write(this._age, age_s === null ? t("never") : `${format.number(age_s, 1)} s`);
    if (drawn) this._spark.add(typeof value === "number" ? value : null);
  }

  /** @param {any} value */
  _words(value) {
    const { format } = this._app;
    if (typeof value === "string") return contact(this._name, value);
    const unit = UNITS[/** @type {"deg"} */ (this._name.split("_").at(-1))] ?? "";
    return `${format.signed(value, 2).replace("+", "")} ${unit}`;
  }
}

class Signals {
  /** @param {HTMLElement} place @param {App} app */
  constructor(place, app) {
    const { t } = app;
    this._app = app;
    /** @type {Map<string, Signal>} */
    this._signals = new Map();
    this._drawn_s = -Infinity;
    this._body = el("tbody", null);
    this._facts = el("dl", { class: "facts" });
    this._board = el("dl", { class: "facts" });
    place.append(
      el("section", { class: "card", "aria-labelledby": "signals-title" }, el("h2", { id: "signals-title" }, t("Signals")),
        el("table", { class: "signals" }, el("thead", null, el("tr", null,
          el("th", { scope: "col" }, t("Signal")), el("th", { scope: "col", class: "number" }, t("Value")),
          el("th", { scope: "col", class: "number" }, t("Age")), el("th", { scope: "col", class: "spark" }, t("Last minute")))),
        this._body)),
      el("section", { class: "card", "aria-labelledby": "link-title" }, el("h2", { id: "link-title" }, t("Link")), this._facts),
      el("section", { class: "card", "aria-labelledby": "board-title" }, el("h2", { id: "board-title" }, t("Board")), this._board));
    this.leave = app.onState((state, setup) => this._show(state, setup));
  }

  /** @param {any} state @param {any} setup */
  _show(state, setup) {
    const { t } = this._app;
    const drawn = state.now_s - this._drawn_s >= PERIOD_S;
    if (drawn) this._drawn_s = state.now_s;
    const values = { rate_dps: state.rate_dps, ...state.machine };
    const names = { ...signals(), rate_dps: t("Rate"), upright_switch: t("Upright switch"), inverted_switch: t("Inverted switch") };
    for (const [name, word] of Object.entries(names)) {
      if (!(name in values) && !this._signals.has(name)) continue;
      let signal = this._signals.get(name);
      if (signal === undefined) {
        signal = new Signal(this._app, name, word);
        this._signals.set(name, signal);
        this._body.append(signal.row);
      }
      const lost = name.endsWith("_deg") && (state.lost_sensors ?? []).includes(name.slice(0, -4));
      signal.show(state.machine === null ? null : (values[/** @type {"rate_dps"} */ (name)] ?? null), state.now_s, lost, drawn);
    }
    if (!drawn) return;
    writeRows(this._facts, this._link(state));
    writeRows(this._board, this._boardFacts(state.board ?? setup.board ?? {}));
  }

  /** @param {any} state @returns {[string, string, boolean?][]} */
  _link(state) {
    const { t, told, format } = this._app;
    const stats = state.link_stats ?? {};
    const rows = /** @type {[string, string, boolean?][]} */ ([[t("State"), told(state.problem || state.link), !state.link_ok]]);
    const ms = (/** @type {number | null | undefined} */ s) => (s === null || s === undefined ? "–" : `${format.number(s * 1e3, 1)} ms`);
    if ("round_trip_s" in stats) rows.push([t("Round trip"), ms(stats.round_trip_s)]);
    if ("jitter_s" in stats) rows.push([t("Jitter"), ms(stats.jitter_s)]);
    const words = { frames: t("Frames"), ...linkCounters(), repeated_frames: t("Frames repeated"), reordered_frames: t("Frames out of order"), stale_frames: t("Frames too old"), foreign_frames: t("Frames of others"), handshakes: t("Handshakes") };
    for (const [name, word] of Object.entries(words)) {
      if (name in stats) rows.push([word, format.number(stats[name]), stats[name] > 0 && name in linkCounters()]);
    }
    return rows;
  }

  /** @param {any} board @returns {[string, string][]} */
  _boardFacts(board) {
    const { t, format } = this._app;
    const number = (/** @type {number | undefined} */ value, /** @type {number} */ digits, /** @type {string} */ unit) =>
      value === undefined ? "–" : `${format.number(value, digits)}${unit}`;
    return [
      [t("Serial number"), String(board.serial ?? "–")], [t("Firmware"), String(board.firmware ?? "–")],
      [t("Upright end"), number(board.upright_deg, 1, "°")], [t("Inverted limit"), number(board.inverted_limit_deg, 1, "°")],
      [t("Highest rate"), number(board.max_rate_dps, 1, " °/s")], [t("Acts by itself after"), number(board.watchdog_s, 2, " s")],
    ];
  }
}

/** @param {HTMLElement} place @param {App} app */
export function showSignals(place, app) {
  const shown = new Signals(place, app);
  return () => shown.leave();
}
