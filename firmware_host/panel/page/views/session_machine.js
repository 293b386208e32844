// @ts-check
/** What the board measures, the limits in force, and how the link is. */

import { el, write, writeRows } from "../dom.js";
import { contact, linkCounters, signals } from "../words.js";

/** @typedef {import("../app.js").App} App */

export class Machine {
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
    writeRows(this._limits, limits.filter((/** @type {any} */ one) => one.name in names).map((/** @type {any} */ one) => [
      names[one.name],
      one.unit === "s" ? format.duration(one.value)
        : `${format.number(one.value, Number.isInteger(one.value) ? 0 : 1)} ${format.unit(one.unit)}`.replace(/ °$/, "°"),
    ]));
  }

  /** @param {any} state */
  show(state) {
    const { t, told, format } = this._app;
    const shown = state.machine ?? {};
    writeRows(this._signals, Object.entries(signals()).map(([name, text]) => {
      const value = shown[name] ?? null;
      const lost = name.endsWith("_deg") && state.lost_sensors.includes(name.slice(0, -4));
      return [text, lost ? t("not believed") : this._quantity(name, value), lost || isBad(name, value)];
    }));
    write(this._link, told(state.problem || state.link));
    const stats = state.link_stats ?? {};
    const known = Object.entries(linkCounters()).filter(([name]) => typeof stats[name] === "number");
    const rows = known.map(([name, text]) => /** @type {[string, string]} */ ([text, format.number(stats[name])]));
    if (typeof stats.round_trip_s === "number") rows.unshift([t("Round trip"), `${format.number(stats.round_trip_s * 1e3)} ms`]);
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
