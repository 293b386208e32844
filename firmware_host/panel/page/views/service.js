// @ts-check
/** For whoever sets a table up and looks after it. */

import { el } from "../dom.js";
import { showHelp } from "./service_help.js";
import { showJog } from "./service_jog.js";
import { showLimits } from "./service_limits.js";
import { showSignals } from "./service_signals.js";
import { showWizard } from "./service_wizard.js";

/** @typedef {import("../app.js").App} App */

/** Pages of this page: name, word, and what shows it. @param {App["t"]} t @returns {[string, string, (place: HTMLElement, app: App) => (() => void) | void][]} */
const pages = (t) => [
  ["setup", t("First start"), showWizard],
  ["jog", t("Move"), showJog],
  ["signals", t("Signals"), showSignals],
  ["limits", t("Limits"), showLimits],
  ["help", t("Help"), showHelp],
];

export default {
  title: "Service",
  styles: ["curves.css", "service.css"],
  /** @param {HTMLElement} root @param {App} app @param {Record<string, string>} parameters */
  mount(root, app, parameters) {
    const all = pages(app.t);
    const [name, , show] = all.find(([one]) => one === parameters.page) ?? all[0];
    const place = el("div", { class: "page" });
    root.append(
      el("nav", { class: "pages", "aria-label": app.t("Service") }, all.map(([one, word]) =>
        el("a", { href: `#/service?page=${one}`, "aria-current": one === name ? "page" : null }, word))),
      place);
    return show(place, app);
  },
};
