// @ts-check
/**
 * Who stands here: log in, lock, clean. All three cover everything but the alarms, STOP and RETURN UPRIGHT.
 *
 * What the lock hides is hidden by the panel too: without a person it answers nothing that needs one.
 */

import { ApiError, api, said } from "./api.js";
import { draftsAreOf, el, field, showProblems, write } from "./dom.js";
import { t } from "./texts.js";

const CLEANING_S = 30;
const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "⌫", "0"];

/** @typedef {import("./app.js").Me} Me */

export class Lock {
  /** @param {HTMLElement} place @param {() => Promise<void>} refresh asks again who this is */
  constructor(place, refresh) {
    this._place = place;
    this._refresh = refresh;
    this._shown = "";
    this._cleaning = 0;
    /** @type {Me | null} who was there when last asked */
    this._me = null;
  }

  /** @returns {boolean} only STOP, RETURN UPRIGHT and what is on this cover may be pressed */
  get covers() {
    return this._shown !== "";
  }

  /** @returns {boolean} touches press nothing but STOP and RETURN UPRIGHT */
  get cleaning() {
    return this._cleaning !== 0;
  }

  /** @param {Me | null} me */
  show(me) {
    this._me = me;
    const wanted = this._cleaning !== 0 ? "cleaning"
      : me === null || me.open ? "" : me.locked ? "locked" : me.person === null ? "login" : "";
    if (wanted === this._shown) return;
    this._shown = wanted;
    document.body.classList.toggle("covered", wanted !== "");
    const main = /** @type {HTMLElement} */ (document.querySelector("main"));
    main.inert = wanted !== "";
    this._place.hidden = wanted === "";
    this._place.replaceChildren();
    if (wanted === "locked") this._locked(me?.person?.name ?? "");
    if (wanted === "login") void this._login();
  }

  /** Touches press nothing for half a minute, so that the screen can be wiped. @param {Me | null} me */
  clean(me) {
    if (this._cleaning !== 0) return;
    const until_ms = performance.now() + CLEANING_S * 1e3;
    const left = el("p", { class: "left" });
    const tick = () => {
      const left_s = Math.ceil((until_ms - performance.now()) / 1e3);
      write(left, t("{left} s left", { left: Math.max(left_s, 0) }));
      if (left_s > 0) return;
      clearInterval(this._cleaning);
      this._cleaning = 0;
      this.show(this._me); // a panel that does not answer now must not leave the screen covered
      void this._refresh();
    };
    this._cleaning = setInterval(tick, 200);
    this.show(me);
    this._place.append(el("h1", null, t("The screen can be wiped")),
      el("p", null, t("Touches press nothing but STOP and RETURN UPRIGHT.")), left);
    tick();
  }

  /** @param {string} name */
  _locked(name) {
    const other = el("button", { type: "button", onclick: async () => {
      await api.post("logout").catch(() => null);
      draftsAreOf("");
      await this._refresh();
    } }, t("Somebody else"));
    this._place.append(el("h1", null, t("Locked")), el("p", null, name),
      this._form([], (pin) => api.post("unlock", { pin }), t("Unlock"), other));
  }

  async _login() {
    this._place.append(el("h1", null, t("Who is there?")));
    /** @type {string[]} */
    let names = [];
    try {
      names = (await api.get("people/names")).names;
    } catch {
      // The name can be typed.
    }
    if (this._shown !== "login") return;
    const name = names.length === 0 ? field({ label: t("Name"), name: "name", autocomplete: "username" })
      : field({ label: t("Name"), name: "name", type: "select", options: names });
    const chosen = () => /** @type {HTMLInputElement} */ (name.querySelector("input, select")).value;
    this._place.append(this._form([name], (pin) => api.post("login", { name: chosen(), pin }), t("Log in"), null));
  }

  /** @param {HTMLElement[]} before @param {(pin: string) => Promise<any>} send @param {string} yes @param {HTMLElement | null} other */
  _form(before, send, yes, other) {
    const place = field({ label: t("PIN or password"), name: "pin", type: "password", autocomplete: "current-password" });
    const pin = /** @type {HTMLInputElement} */ (place.querySelector("input"));
    const go = el("button", { type: "submit", class: "primary" }, yes);
    const form = el("form", { novalidate: true, onsubmit: async (/** @type {Event} */ event) => {
      event.preventDefault();
      go.disabled = true;
      try {
        await send(pin.value);
        await this._refresh();
      } catch (error) {
        pin.value = "";
        showProblems(form, error instanceof ApiError && error.problems.length ? error.problems
          : [{ field: "pin", line: null, text: this._refusal(error) }]);
      }
      go.disabled = false;
    } }, before, place, el("div", { class: "actions" }, go, other));
    const pad = el("div", { class: "pad", role: "group", "aria-label": t("Digits") }, DIGITS.map((digit) =>
      el("button", { type: "button", "aria-label": digit === "⌫" ? t("Delete the last digit") : digit, onclick: () => {
        pin.value = digit === "⌫" ? pin.value.slice(0, -1) : pin.value + digit;
      } }, digit)));
    return el("div", { class: "login" }, form, pad);
  }

  /** @param {unknown} error */
  _refusal(error) {
    if (error instanceof ApiError && error.retryAfter_s !== null) {
      return t("Too many wrong tries. Wait {left} s, then try again.", { left: Math.ceil(error.retryAfter_s) });
    }
    return said(error);
  }
}
