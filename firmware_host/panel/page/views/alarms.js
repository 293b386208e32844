// @ts-check
/** The alarms of all sessions, the newest first. */

import { said } from "../api.js";
import { el } from "../dom.js";

const LIMIT = 200;

/** @type {import("../router.js").View} */
export default {
  title: "Alarms",
  mount(root, app) {
    const { t, told, api, format } = app;
    const place = el("div", { class: "card" }, el("p", { role: "status" }, t("Loading …")));
    const note = t("Alarms that are present are in the banner above, on every page. This is the log of all sessions.");
    root.append(el("p", { class: "quiet-text" }, note), place);
    const load = async () => {
      try {
        const { alarms } = await api.get(`alarms?limit=${LIMIT}`);
        place.replaceChildren(alarms.length === 0 ? el("p", null, t("No alarm has been recorded.")) : table(alarms));
      } catch (error) {
        place.replaceChildren(
          el("p", { class: "wrong-text", role: "alert" }, said(error)),
          el("div", { class: "actions" }, el("button", { type: "button", onclick: () => void load() }, t("Try again"))));
      }
    };
    /** @param {any[]} alarms */
    const table = (alarms) => el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("Alarms") },
      el("table", null,
        el("thead", null, el("tr", null, [t("When"), t("Alarm")].map((text) => el("th", { scope: "col" }, text)))),
        el("tbody", null, alarms.map((one) => el("tr", null,
          el("td", null, el("a", { href: `#/history/${one.session_id}` }, format.time(one.at))),
          el("td", null, sentence(one)))))));
    /** @param {any} one */
    const sentence = ({ monitor, text }) => (monitor && !text.startsWith(monitor) ? `${monitor}: ${told(text)}` : told(text));
    void load();
  },
};
