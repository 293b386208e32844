// @ts-check
/** What came of it, and how the rider is. */

import { said } from "../api.js";
import { comfortScale } from "../comfort.js";
import { el, write, writeRows } from "../dom.js";
import { outcome } from "../words.js";

/** @typedef {import("../app.js").App} App */

export class Result {
  /** @param {App} app @param {HTMLElement} root */
  constructor(app, root) {
    const { t } = app;
    this._app = app;
    this._shown = null;
    this._title = el("h2", { id: "result-title" });
    this._reason = el("p", { id: "reason" });
    this._facts = el("dl", { class: "facts" });
    this._comfort = el("div", null);
    this.element = el("section", { id: "result", "aria-labelledby": "result-title", hidden: true },
      this._title, this._reason, this._facts,
      el("p", null, t("What stands behind this is how it was at the end. Nothing is measured until a new session.")),
      this._comfort,
      el("div", { class: "actions" },
        el("button", { type: "button", id: "next", class: "primary", onclick: () => app.press("next") }, t("New session")),
        el("a", { class: "button", href: "#/session/choose" }, t("Choose rider and program"))));
    root.append(this.element);
  }

  /** @param {any} state @param {any} setup */
  show(state, setup) {
    const { t, told, format } = this._app;
    this.element.hidden = state.outcome === null;
    if (state.outcome === null || this._shown === setup) return;
    this._shown = setup;
    this.element.closest("main")?.scrollTo(0, 0);
    write(this._title, outcome(state.outcome.name));
    write(this._reason, state.outcome.name === "completed" ? "" : told(state.outcome.reason));
    const angles = this._app.chart().map(([, angle_deg]) => angle_deg).filter((one) => one !== null);
    writeRows(this._facts, [
      [t("Time inverted"), t("{time} of {allowance}",
        { time: format.duration(state.inverted_s), allowance: format.duration(setup.allowance_s) })],
      [t("Highest angle of the last minutes"), format.angle(angles.length ? Math.max(.../** @type {number[]} */ (angles)) : null)],
    ]);
    const ask = setup.reference && this._app.may("operator");
    this._comfort.replaceChildren(...(ask ? [comfortScale("after", t("How does the rider feel now?"), (after) => {
      void keepComfort(this._app, setup.reference, after);
    })] : []));
  }
}

const LOOKS = 15;
const LOOK_MS = 1000;

/** Keep how the rider feels with the session, which is in the records a moment after it has ended. @param {App} app @param {string} reference @param {number} after */
async function keepComfort({ api, hint, t }, reference, after) {
  try {
    for (let look = 0; look < LOOKS; look += 1) {
      for (const { id } of (await api.get("sessions?limit=3")).sessions) {
        if ((await api.get(`sessions/${id}`)).reference !== reference) continue;
        await api.put(`sessions/${id}/comfort`, { after });
        hint(t("Kept with the session"));
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    hint(t("The session is not in the records yet: enter this under History."), true);
  } catch (error) {
    hint(said(error), true);
  }
}
