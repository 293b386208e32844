// @ts-check
/** The check list before the first motion of a day, and after a fault: what the machine says, what is tried, what people see. */

import { el, write } from "../dom.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {{id: string, kind: "machine" | "action" | "operator", state: "ok" | "wrong" | "waiting", text: string, value: string | null}} Check */

const MARKS = { ok: "✓", wrong: "▲", waiting: "…" };

/** Names of checks; what to do about each is said by the controller. @param {App["t"]} t @returns {Record<string, string>} */
const names = (t) => ({
  link: t("Link to the table"),
  "board-limits": t("Limits kept by the board"),
  angles: t("Both angles"),
  "upright-switch": t("Upright switch"),
  "ankle-latch": t("Ankle latch"),
  "emergency-stop": t("Emergency stop"),
  energy: t("Supply"),
  temperatures: t("Temperatures"),
  "hand-switch": t("Hand switch"),
  brake: t("Brake"),
  "way-clear": t("The way is clear"),
  straps: t("Ankles and straps"),
  "emergency-stop-tested": t("Emergency stop tried"),
  "rider-well": t("The rider is well"),
});

class Row {
  /** @param {App} app @param {Check} check */
  constructor(app, check) {
    this._app = app;
    this._id = check.id;
    const name = names(app.t)[check.id] ?? check.id;
    this._mark = el("span", { class: "mark", "aria-hidden": "true" });
    this._said = el("span", { class: "said" });
    this._button = this._makeButton(check);
    const told = el("span", { class: "told" }, el("span", { class: "name" }, name), this._said);
    this.element = el("li", null, this._mark, told, this._button);
    this._name = name;
  }

  /** @param {Check} check */
  _makeButton(check) {
    const { t } = this._app;
    if (check.kind === "operator") {
      return el("button", { type: "button", class: "toggle", onclick: () => this._toggle() });
    }
    if (check.id === "brake") {
      return el("button", { type: "button", onclick: () => this._app.press("test_brake") }, t("TEST BRAKE"));
    }
    return null;
  }

  _toggle() {
    this._app.confirm(this._id, this._button?.getAttribute("aria-pressed") !== "true");
  }

  /** @param {Check} check */
  show(check) {
    const { t, told } = this._app;
    if (this.element.dataset.state !== check.state) this.element.dataset.state = check.state;
    write(this._mark, MARKS[check.state]);
    write(this._said, check.value === null ? told(check.text) : `${told(check.text)} (${told(String(check.value))})`);
    if (check.kind === "operator" && this._button !== null) {
      const yes = check.state === "ok";
      if (this._button.getAttribute("aria-pressed") !== String(yes)) {
        this._button.setAttribute("aria-pressed", String(yes));
        this._button.setAttribute("aria-label", `${this._name}: ${t("Yes")}`);
      }
      write(this._button, yes ? `✓ ${t("Yes")}` : t("Yes"));
    }
  }
}

class Checks {
  /** @param {HTMLElement} root @param {App} app */
  constructor(root, app) {
    const { t } = app;
    this._app = app;
    /** @type {Map<string, Row>} */
    this._rows = new Map();
    this._lists = {
      machine: el("ul", { class: "check-list" }), action: el("ul", { class: "check-list" }), operator: el("ul", { class: "check-list" }),
    };
    this._reason = el("p", { class: "reason" });
    this._verdict = el("p", { class: "verdict", role: "status" });
    this._why = el("ul", { class: "why" });
    this._go = el("a", { class: "button", href: "#/session" }, t("To the session"));
    this._end = el("section", { class: "end", "aria-label": t("Result") }, el("div", null, this._verdict, this._why), this._go);
    this._groups = [
      this._group("machine", t("What the table says")), this._group("action", t("What is tried")),
      this._group("operator", t("What you see")),
    ];
    root.append(this._reason, ...this._groups, this._end);
    this._off = app.onState((state) => this._show(state.preflight ?? null));
    if (app.state() === null) this._show(null);
  }

  /** @param {"machine" | "action" | "operator"} kind @param {string} title */
  _group(kind, title) {
    return el("section", { class: "card", "aria-labelledby": `checks-${kind}` },
      el("h2", { id: `checks-${kind}` }, title), this._lists[kind]);
  }

  /** @param {{needed: boolean, reason: string, done: boolean, checks: Check[]} | null} preflight */
  _show(preflight) {
    const { t, told } = this._app;
    if (preflight === null) {
      for (const group of this._groups) group.hidden = true;
      write(this._reason, t("Waiting for the table …"));
      this._end.hidden = true;
      return;
    }
    // Under way there is nothing to check: the controller gives no list, and nothing here must look like a yes.
    const idle = preflight.checks.length > 0;
    for (const group of this._groups) group.hidden = !idle;
    this._end.hidden = !idle;
    if (!idle) {
      write(this._reason, t("The checks are shown once the table is upright again."));
      return;
    }
    write(this._reason, preflight.needed
      ? t("The check is due {reason}.", { reason: told(preflight.reason) }) : t("No check is needed now. What the table says is shown all the same."));
    // Without a link the controller names no signal.
    for (const [id, row] of this._rows) row.element.hidden = !preflight.checks.some((check) => check.id === id);
    for (const check of preflight.checks) {
      let row = this._rows.get(check.id);
      if (row === undefined) {
        row = new Row(this._app, check);
        this._rows.set(check.id, row);
        this._lists[check.kind].append(row.element);
      }
      row.show(check);
    }
    this._conclude(preflight);
  }

  /** @param {{needed: boolean, done: boolean, checks: Check[]}} preflight */
  _conclude({ needed, done, checks }) {
    const { t } = this._app;
    const open = checks.filter((check) => check.state !== "ok");
    const ready = done || !needed;
    this._end.dataset.ready = String(ready);
    const wrong = ready ? [] : open.map((check) => names(t)[check.id] ?? check.id);
    write(this._verdict, ready ? t("Ready") : this._first(wrong));
    this._go.classList.toggle("primary", ready);
    const others = wrong.slice(1);
    if (this._why.textContent !== others.join("")) {
      this._why.replaceChildren(...others.map((name) => el("li", null, name)));
    }
  }

  /** @param {string[]} wrong names of what is open */
  _first(wrong) {
    const { t, tn } = this._app;
    const values = { name: wrong[0] ?? "" };
    if (wrong.length < 2) return wrong.length === 0 ? t("Not ready") : t("Not ready, because of: {name}", values);
    return tn("Not ready, because of: {name}, and one more", "Not ready, because of: {name}, and {count} more", wrong.length - 1, values);
  }

  leave() {
    this._off();
  }
}

export default {
  title: "Checks before the start",
  styles: ["checks.css"],
  /** @param {HTMLElement} root @param {App} app */
  mount(root, app) {
    const checks = new Checks(root, app);
    return () => checks.leave();
  },
};
