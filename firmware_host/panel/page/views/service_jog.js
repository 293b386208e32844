// @ts-check
/** Motion by hand: the table moves at creep speed as long as a button is held. */

import { el, write } from "../dom.js";
import { holdButton } from "../hold.js";

/** @typedef {import("../app.js").App} App */

/**
 * Two buttons to hold, with angle and rate beside them, and why they do nothing where they do nothing.
 *
 * @param {App} app
 * @returns {{elements: HTMLElement[], lock: (locked: boolean) => void, leave: () => void}} `lock` keeps the buttons away
 */
export function holdPanel(app) {
  const { t, told, format } = app;
  let locked = false;
  const up = holdButton(app, -1, t("Hold: toward upright"));
  const down = holdButton(app, 1, t("Hold: toward inversion"));
  const angle = el("output", { class: "figure" });
  const rate = el("output", { class: "figure" });
  const why = el("p", { class: "why-not", role: "status" });
  const checks = el("p", { hidden: true }, el("a", { href: "#/checks" }, t("To the checks before the start")));
  const off = app.onState((state) => {
    write(angle, format.angle(state.angle_deg));
    write(rate, format.rate(state.rate_dps));
    const manual = state.manual;
    const allowed = Boolean(manual?.allowed) && !locked;
    const moving = Boolean(manual?.direction);
    const upAllowed = Boolean(manual?.up_allowed ?? manual?.allowed) && !locked;
    for (const [one, may] of /** @type {const} */ ([[up, upAllowed || moving], [down, allowed || moving]])) {
      if (one.button.disabled === may) one.button.disabled = !may;
    }
    checks.hidden = locked || allowed || moving || state.preflight?.needed !== true || state.preflight.done;
    write(why, locked || allowed || moving ? "" : manual?.why_not ? told(manual.why_not) : t("Not possible now."));
  });
  return {
    elements: [
      el("div", { class: "figures" }, el("div", null, el("span", null, t("Angle")), angle), el("div", null, el("span", null, t("Rate")), rate)),
      el("div", { class: "hold-pair" }, up.button, down.button), why, checks,
    ],
    lock: (wanted) => {
      locked = wanted;
      if (wanted) for (const one of [up, down]) one.end();
    },
    leave: () => {
      off();
      up.leave();
      down.leave();
    },
  };
}

/** @param {HTMLElement} place @param {App} app */
export function showJog(place, app) {
  const { t } = app;
  const panel = holdPanel(app);
  place.append(el("section", { class: "card", "aria-labelledby": "jog-title" },
    el("h2", { id: "jog-title" }, t("Move by hand")),
    el("p", null, t("The table moves slowly while a button is held, inside all limits, and stands on its brake when it is let go. With Enter it works from the keyboard too.")),
    el("p", null, t("Look that nobody is in the way, above and below.")), ...panel.elements));
  return panel.leave;
}
