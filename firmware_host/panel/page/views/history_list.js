// @ts-check
/** Sessions, newest first, by rider and outcome; and what changed over the sessions of one rider. */

import { el } from "../dom.js";
import { sessionCurve } from "./curves.js";
import { good, outcomeWords, outcomes } from "./outcomes.js";
import { build } from "./parts.js";
import { showTrends } from "./trends.js";

/** @typedef {import("../app.js").App} App */

const PAGE = 25;
/** A session that has just ended is in the records within seconds: it is looked for so often, and so many times. */
const LOOK_MS = 2000;
const LOOKS = 30;

class List {
  /** @param {HTMLElement} root @param {App} app @param {Record<string, string>} parameters */
  constructor(root, app, parameters) {
    const { t } = app;
    this._app = app;
    /** @type {string | null} */
    this._next = null;
    this._asked = 0;
    /** @type {Set<string>} names of the recordings that are shown */
    this._files = new Set();
    /** What tells riders of one name apart, by their number. @type {Map<number, string>} */
    this._builds = new Map();
    this._sought = "";
    this._timer = 0;
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
    this._begun = this._begin(parameters.rider ?? "");
    this._off = app.onState((state) => this._seek(state));
  }

  /** Look for the session that has just ended, until it is there. @param {any} state */
  _seek(state) {
    if (state.outcome === null || !state.blackbox || state.blackbox === this._sought) return;
    this._sought = state.blackbox;
    clearInterval(this._timer);
    let looks = 0;
    this._timer = setInterval(async () => {
      await this._begun;
      if (this._files.has(this._sought) || ++looks > LOOKS) clearInterval(this._timer);
      else await this._lookAgain();
    }, LOOK_MS);
  }

  async _lookAgain() {
    const page = await this._app.api.get(`sessions?${this._query(1)}`).catch(() => null);
    const newest = page?.sessions[0];
    if (newest !== undefined && !this._files.has(newest.file)) await this._load(true);
  }

  leave() {
    clearInterval(this._timer);
    this._off();
  }

  /** @param {string} rider */
  async _begin(rider) {
    try {
      const { riders } = await this._app.api.get("riders");
      for (const one of riders) {
        this._builds.set(one.id, build(this._app, one));
        this._rider.append(el("option", { value: String(one.id) }, `${one.name} · ${build(this._app, one)}`));
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

  /** @param {number} limit */
  _query(limit) {
    const query = new URLSearchParams({ limit: String(limit) });
    if (this._rider.value !== "") query.set("rider_id", this._rider.value);
    if (this._outcome.value !== "") query.set("outcome", this._outcome.value);
    return query;
  }

  /** @param {boolean} [anew] from the newest on */
  async _load(anew = false) {
    const asked = ++this._asked;
    const query = this._query(PAGE);
    if (!anew && this._next !== null) query.set("before", this._next);
    this._more.disabled = true;
    try {
      const page = await this._app.api.get(`sessions?${query}`);
      if (asked !== this._asked) return; // another filter was chosen meanwhile
      if (anew) this._list.replaceChildren();
      this._next = page.next;
      for (const one of page.sessions) this._files.add(one.file);
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
    const of = this._builds.get(one.rider?.id);
    const rider = one.rider ? one.rider.name + (of ? ` (${of})` : "") : t("rider not recorded");
    const figures = [format.duration(one.duration_s), t("{time} inverted", { time: format.duration(one.inverted_s) }),
      format.angle(one.highest_deg, 0)].join(" · ");
    const ended = el("span", { class: good(one.outcome) ? "good-text" : "wrong-text" }, outcomeWords(one.outcome));
    const marks = [
      one.simulated ? el("span", { class: "tag" }, t("simulated")) : null,
      ...one.trips.map((/** @type {string} */ trip) => el("span", { class: "tag trip" }, told(tripName(trip)))),
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

/** The monitor in what is said of a trip, such as RETURN by drive-fault. @param {string} trip */
function tripName(trip) {
  return /^\w+ by ([\w-]+)/.exec(trip)?.[1] ?? trip;
}

/** @param {HTMLElement} root @param {App} app @param {Record<string, string>} parameters */
export function showList(root, app, parameters) {
  const list = new List(root, app, parameters);
  return () => list.leave();
}
