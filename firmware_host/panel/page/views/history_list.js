// @ts-check
/** Sessions, newest first, by rider and outcome; and what changed over the sessions of one rider. */

import { el } from "../dom.js";
import { sessionCurve } from "./curves.js";
import { good, outcomeWords, outcomes } from "./outcomes.js";
import { showTrends } from "./trends.js";

/** @typedef {import("../app.js").App} App */

const PAGE = 25;

class List {
  /** @param {HTMLElement} root @param {App} app @param {Record<string, string>} parameters */
  constructor(root, app, parameters) {
    const { t } = app;
    this._app = app;
    /** @type {string | null} */
    this._next = null;
    this._asked = 0;
    this._rider = el("select", { id: "history-rider", onchange: () => this._filter() },
      el("option", { value: "" }, t("Everybody")));
    this._outcome = el("select", { id: "history-outcome", onchange: () => this._filter() },
      el("option", { value: "" }, t("Every outcome")),
      Object.entries(outcomes()).map(([name, words]) => el("option", { value: name }, words)));
    this._outcome.value = parameters.outcome ?? "";
    this._count = el("p", { class: "quiet-text", role: "status" });
    this._list = el("ul", { class: "list sessions" });
    this._more = el("button", { type: "button", hidden: true, onclick: () => this._load() }, t("Older sessions"));
    this._trends = el("section", { class: "card", hidden: true, "aria-label": t("Over the sessions") });
    root.append(
      el("div", { class: "filters" },
        el("div", { class: "field" }, el("label", { htmlFor: "history-rider" }, t("Rider")), this._rider),
        el("div", { class: "field" }, el("label", { htmlFor: "history-outcome" }, t("Outcome")), this._outcome)),
      this._trends, this._count, this._list, el("div", { class: "actions" }, this._more));
    void this._begin(parameters.rider ?? "");
  }

  /** @param {string} rider */
  async _begin(rider) {
    try {
      const answer = await this._app.api.get("riders");
      for (const one of Array.isArray(answer) ? answer : answer.riders) {
        this._rider.append(el("option", { value: String(one.id) }, one.name ?? one.document?.rider?.name ?? String(one.id)));
      }
    } catch {
      // Somebody who may not see riders sees sessions without that filter.
    }
    this._rider.value = rider;
    await this._load(true);
  }

  _filter() {
    const query = new URLSearchParams();
    if (this._rider.value !== "") query.set("rider", this._rider.value);
    if (this._outcome.value !== "") query.set("outcome", this._outcome.value);
    history.replaceState(null, "", `#/history${query.size > 0 ? `?${query}` : ""}`);
    void this._load(true);
  }

  /** @param {boolean} [anew] from the newest on */
  async _load(anew = false) {
    const asked = ++this._asked;
    const query = new URLSearchParams({ limit: String(PAGE) });
    if (this._rider.value !== "") query.set("rider_id", this._rider.value);
    if (this._outcome.value !== "") query.set("outcome", this._outcome.value);
    if (!anew && this._next !== null) query.set("before", this._next);
    this._more.disabled = true;
    try {
      const page = await this._app.api.get(`sessions?${query}`);
      if (asked !== this._asked) return; // another filter was chosen meanwhile
      if (anew) this._list.replaceChildren();
      this._next = page.next;
      this._list.append(...page.sessions.map((/** @type {any} */ one) => this._row(one)));
      this._tell(page.total);
    } catch (error) {
      this._count.textContent = /** @type {Error} */ (error).message;
    }
    this._more.hidden = this._next === null;
    this._more.disabled = false;
    if (anew) this._showTrends();
  }

  /** @param {number} total */
  _tell(total) {
    const { t, tn, format } = this._app;
    const shown = this._list.children.length;
    if (total === 0) this._count.textContent = t("No session yet that fits. They appear here when they end.");
    else if (shown < total) {
      this._count.textContent = t("The newest {shown} of {total} sessions",
        { shown: format.number(shown), total: format.number(total) });
    } else this._count.textContent = tn("One session", "{count} sessions", total);
  }

  /** @param {any} one */
  _row(one) {
    const { t, format, told } = this._app;
    const begun = format.time(one.started_at);
    const rider = one.rider?.name ?? t("rider not recorded");
    const figures = [format.duration(one.duration_s), t("{time} inverted", { time: format.duration(one.inverted_s) }),
      format.angle(one.highest_deg, 0)].join(" · ");
    const ended = el("span", { class: good(one.outcome) ? "good-text" : "wrong-text" }, outcomeWords(one.outcome));
    const marks = [
      one.simulated ? el("span", { class: "tag" }, t("simulated")) : null,
      ...(one.trips ?? []).map((/** @type {any} */ trip) => el("span", { class: "tag trip" }, told(tripName(trip)))),
    ];
    return el("li", null, el("a", { href: `#/history/${encodeURIComponent(one.id)}` },
      sessionCurve(one.curve, t("Angle over the session")),
      el("span", { class: "what" },
        el("span", { class: "name" }, begun), el("span", null, `${rider} · ${one.program}`),
        el("span", { class: "quiet-text" }, figures)),
      el("span", { class: "how" }, ended, marks)));
  }

  _showTrends() {
    const rider = this._rider.value;
    this._trends.hidden = rider === "";
    if (rider !== "") void showTrends(this._trends, this._app, rider);
  }
}

/** @param {any} trip a text, or an object with the monitor's name */
export function tripName(trip) {
  if (typeof trip !== "string") return trip.monitor ?? trip.text ?? "";
  return /^\w+ by ([\w-]+)/.exec(trip)?.[1] ?? trip;
}

/** @param {HTMLElement} root @param {App} app @param {Record<string, string>} parameters */
export function showList(root, app, parameters) {
  return new List(root, app, parameters);
}
