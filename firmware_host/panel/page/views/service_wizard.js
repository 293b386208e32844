// @ts-check
/** First start: the port, the table's file, directions and zero. */

import { el, field } from "../dom.js";
import { DirectionCheck } from "./direction_check.js";
import { TableEditor } from "./table_editor.js";
import { lastCheck, valueOf, withCheck, withValue } from "./table_text.js";

/** @typedef {import("../app.js").App} App */

/** Values that the form asks for: section, name, and whether it is a number. @type {[string, string, boolean][]} */
const ASKED = [
  ["table", "name", false], ["table", "serial", true], ["table", "port", false], ["table", "hand_switch", false],
  ["rating", "min_mass_kg", true], ["rating", "max_mass_kg", true], ["rating", "min_height_m", true],
  ["rating", "max_height_m", true], ["limits", "inverted_limit_deg", true],
];

class Wizard {
  /** @param {HTMLElement} place @param {App} app */
  constructor(place, app) {
    this._app = app;
    this._editor = new TableEditor(app, "wizard-text");
    this._editor.onChange(() => this._mirror());
    place.append(this._ports(), this._file(), this._directions());
    void this._load();
  }

  _ports() {
    const { t } = this._app;
    this._found = el("ul", { class: "list ports", "aria-live": "polite" });
    this._look = el("button", { type: "button", onclick: () => void this._survey() }, t("Look who answers"));
    return el("section", { class: "card", "aria-labelledby": "step-port" },
      el("h2", { id: "step-port" }, t("1. The port")),
      el("p", null, t("Plug the table's board in and switch it on. Each port is asked for its name; nothing moves.")),
      el("div", { class: "actions" }, this._look), this._found);
  }

  async _survey() {
    const { t, api } = this._app;
    this._look.disabled = true;
    this._found.replaceChildren(el("li", null, t("Asking …")));
    try {
      const { ports } = await api.get("service/ports");
      const none = el("li", null, t("No serial port was found: plug the table in, and look again."));
      this._found.replaceChildren(...(ports.length === 0 ? [none] : ports.map((/** @type {any} */ one) => this._port(one))));
    } catch (error) {
      this._found.replaceChildren(el("li", { class: "wrong-text" }, /** @type {Error} */ (error).message));
    }
    this._look.disabled = false;
  }

  /** @param {any} one */
  _port(one) {
    const { t, told } = this._app;
    const use = el("button", { type: "button", onclick: () => {
      this._put("table", "port", one.device);
      this._app.hint(t("{port} stands in the file below now. Write the file to keep it.", { port: one.device }));
    } }, t("Use this port"));
    return el("li", { class: "row" }, el("span", { class: "told" }, el("span", { class: "name" }, one.device),
      el("span", { class: "quiet-text" }, one.description), el("span", { class: one.board ? "good-text" : "" }, told(one.answer))), use);
  }

  _file() {
    const { t } = this._app;
    const labels = {
      name: t("Name of the table"), serial: t("Serial number of the board"), port: t("Port"), hand_switch: t("Hand switch"),
      min_mass_kg: t("Lightest rider"), max_mass_kg: t("Heaviest rider"), min_height_m: t("Smallest rider"), max_height_m: t("Tallest rider"),
      inverted_limit_deg: t("Farthest inversion"),
    };
    const units = { kg: "kg", m: "m", deg: "°" };
    /** @type {Map<string, HTMLInputElement>} */
    this._inputs = new Map();
    const fields = ASKED.map(([section, name, isNumber]) => {
      const wanted = name === "hand_switch"
        ? { type: "select", options: /** @type {[string, string][]} */ ([["", t("as built in")], ["hold-to-run", t("hold to run")], ["press-to-return", t("press to return")]]) }
        : { type: "text", inputMode: isNumber ? "decimal" : "text", unit: units[/** @type {"kg"} */ (name.split("_").at(-1))] };
      const made = field({ label: labels[/** @type {"name"} */ (name)], name, ...wanted, autocomplete: "off",
        onchange: () => this._typed(section, name, isNumber) });
      this._inputs.set(name, /** @type {HTMLInputElement} */ (made.querySelector("input, select")));
      return made;
    });
    this._path = el("p", { class: "quiet-text" });
    const whole = el("details", null, el("summary", null, t("The whole file")), el("p", null, t("Empty fields leave what is built in.")), this._editor.element);
    whole.open = true;
    return el("section", { class: "card", "aria-labelledby": "step-file" },
      el("h2", { id: "step-file" }, t("2. The table's file")), this._path,
      el("form", { onsubmit: (/** @type {Event} */ event) => event.preventDefault() }, el("div", { class: "fields" }, fields)), whole);
  }

  /** @param {string} section @param {string} name @param {boolean} isNumber */
  _typed(section, name, isNumber) {
    const text = this._inputs.get(name)?.value.trim() ?? "";
    const number = Number(text.replace(",", "."));
    this._put(section, name, text === "" ? null : isNumber && Number.isFinite(number) ? number : text);
  }

  /** @param {string} section @param {string} name @param {string | number | null} value */
  _put(section, name, value) {
    this._editor.set(withValue(this._editor.text, section, name, value));
  }

  async _load() {
    const { t, api, setup } = this._app;
    try {
      const answer = await api.get("service/table");
      this._path.textContent = answer.path
        ? t("File: {path}", { path: answer.path }) : t("This is the built-in table. For one of your own write a file, and start with --table FILE.");
      this._editor.load(answer.text ?? "");
      const serial = this._inputs.get("serial");
      const board = setup()?.board?.serial ?? null;
      if (serial !== undefined && board !== null) serial.placeholder = t("this board: {serial}", { serial: board });
    } catch (error) {
      this._path.textContent = /** @type {Error} */ (error).message;
    }
  }

  _directions() {
    const { t } = this._app;
    this._check = new DirectionCheck(this._app, (findings) => void this._store(findings));
    this._checked = el("p", { class: "quiet-text" });
    return el("section", { class: "card", "aria-labelledby": "step-directions" },
      el("h2", { id: "step-directions" }, t("3. Directions and zero")), this._checked, this._check.element);
  }

  /** Show in the form what the text says. */
  _mirror() {
    const { t, format } = this._app;
    for (const [section, name] of ASKED) {
      const input = this._inputs.get(name);
      if (input !== undefined && input !== document.activeElement) input.value = valueOf(this._editor.text, section, name) ?? "";
    }
    const day = lastCheck(this._editor.text);
    this._checked.textContent = day === null ? t("The file tells of no check yet.") : t("Checked on {date}, as the file says.", { date: format.date(day) });
  }

  /** @param {string[]} findings */
  async _store(findings) {
    const { t } = this._app;
    const today = new Date();
    const day = [today.getFullYear(), today.getMonth() + 1, today.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
    this._editor.set(withCheck(this._editor.text, day, findings));
    const written = await this._editor.save();
    this._app.hint(written ? t("The result stands in the table's file, with today's date.") : t("The file could not be written; the text above is kept."), !written);
  }

  leave() {
    this._editor.leave();
    this._check.leave();
  }
}

/** @param {HTMLElement} place @param {App} app */
export function showWizard(place, app) {
  const wizard = new Wizard(place, app);
  return () => wizard.leave();
}
