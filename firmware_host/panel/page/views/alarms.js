// @ts-check
/** The alarms of all sessions, the newest first. */

import { said } from "../api.js";
import { el } from "../dom.js";
import { eventWords, monitorOf } from "../words.js";

const LIMIT = 200;

/** A trip and its alarm are of one moment. */
const SAME_S = 1;

/** Every cause once: where an alarm says what a trip did, the alarm stands for both. @param {any[]} all */
function once(all) {
  const alarms = all.filter((one) => one.kind === "alarm");
  return all.filter((one) => one.kind !== "trip" || !alarms.some((alarm) => alarm.session_id === one.session_id
    && monitorOf(alarm) === monitorOf(one) && Math.abs(alarm.t_s - one.t_s) < SAME_S));
}

/** @type {import("../router.js").View} */
export default {
  title: "Alarms",
  mount(root, app) {
    const { t, api, format } = app;
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
        el("tbody", null, once(alarms).map((one) => el("tr", null,
          el("td", null, el("a", { href: `#/history/${one.session_id}` }, format.time(one.at))),
          el("td", null, eventWords(one)))))));
    void load();
  },
};
