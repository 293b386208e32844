// @ts-check
/** What is set on this screen, for this screen. */

import { draftsAreOf, el } from "../dom.js";
import * as settings from "../settings.js";
import { LANGUAGES } from "../texts.js";

/** @typedef {import("../app.js").App} App */

/**
 * One choice out of a few, taken at once.
 * @param {string} name @param {string} title @param {readonly (readonly [string, string])[]} options value and text
 */
function choice(name, title, options) {
  const present = String(/** @type {any} */ (settings.get())[name]);
  return el("fieldset", { class: "card" }, el("legend", null, title), el("div", { class: "choices" },
    options.map(([value, text]) => el("label", { class: "choice" }, el("input", {
      type: "radio", name, value, checked: value === present,
      onchange: () => settings.change({ [name]: ["true", "false"].includes(value) ? value === "true" : value }),
    }), text))));
}

/** @param {App} app */
function volume({ t, sound, format }) {
  const told = el("output", null);
  const show = () => { told.textContent = `${format.number(settings.get().volume * 100)} %`; };
  show();
  const tested = el("p", { class: "quiet-text", role: "status" });
  return el("fieldset", { class: "card" }, el("legend", null, t("Alarm sound of this screen")),
    el("div", { class: "field" }, el("label", { htmlFor: "volume" }, t("Loudness"), " ", told),
      el("input", {
        id: "volume", type: "range", min: settings.QUIETEST, max: 1, step: 0.05, value: settings.get().volume,
        oninput: (/** @type {Event} */ event) => {
          settings.change({ volume: Number(/** @type {HTMLInputElement} */ (event.target).value) });
          show();
        },
      })),
    el("p", { class: "quiet-text" }, t("It cannot be set lower: an alarm that nobody hears is none.")),
    el("div", { class: "actions" }, el("button", { type: "button", onclick: () => {
      tested.textContent = sound.test()
        ? t("Three tones: did you hear them?") : t("The browser does not let this page sound. Touch it once, then try again.");
    } }, t("Test the sound"))), tested);
}

/** @param {App} app */
function screen({ t, clean, me, api, refreshMe, hint }) {
  const person = me()?.person ?? null;
  const leave = () => {
    api.post("logout").then(() => {
      draftsAreOf("");
      return refreshMe();
    }).catch((error) => hint(error.message, true));
  };
  return el("fieldset", { class: "card" }, el("legend", null, t("This screen")),
    el("div", { class: "actions" },
      el("button", { type: "button", onclick: clean }, t("Wipe the screen (30 s)")),
      person === null ? null : el("button", { type: "button", onclick: leave }, t("Log out {name}", { name: person.name }))));
}

/** @type {import("../router.js").View} */
export default {
  title: "Settings",
  mount(root, app) {
    const { t } = app;
    root.append(
      el("p", { class: "quiet-text" }, t("They hold for this screen alone, and take effect at once.")),
      el("div", { class: "cards" },
        choice("theme", t("Appearance"), [["system", t("as the device")], ["light", t("light")], ["dark", t("dark")]]),
        choice("large", t("Size of type"), [["false", t("normal")], ["true", t("large")]]),
        choice("leftHanded", t("STOP is at the"), [["false", t("right")], ["true", t("left")]]),
        choice("units", t("Units"), [["metric", t("kg, cm")], ["us", t("lb, ft and in")]]),
        choice("language", t("Language"), [["", t("as the browser")], ...LANGUAGES]),
        volume(app), screen(app)));
  },
};
