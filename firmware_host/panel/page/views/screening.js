// @ts-check
/** The health questions: one a page, answers kept until they are saved, everything seen once more before that. */

import { ApiError, said } from "../api.js";
import { draftOf, draftPlace, el } from "../dom.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {{id: string, text: string, part: string, calm: boolean}} Question `calm`: the answer that stands against nothing */

/** Answers that were begun longer ago are not saved: as long as a login lasts. */
const OLDEST_MS = 12 * 3600e3;

class Screening {
  /** @param {HTMLElement} root @param {App} app @param {string} id of the rider */
  constructor(root, app, id) {
    this._root = root;
    this._app = app;
    this._id = id;
    this._key = draftPlace(`riders/${id}/screening`);
    /**
     * `begun_ms`: when the first answer was given; `before`: the answers that the panel had then
     * @type {{answers: Record<string, boolean>, at: number, begun_ms?: number, before?: string}}
     */
    this._kept = { answers: {}, at: 0, ...JSON.parse(draftOf(`riders/${id}/screening`) ?? "{}") };
    root.append(el("p", { role: "status" }, app.t("Loading …")));
    void this._load();
  }

  async _load() {
    const { api, t } = this._app;
    try {
      const [rider, asked] = await Promise.all([api.get(`riders/${this._id}`), api.get("screening")]);
      this._rider = rider;
      this._forgetOld();
      this._kept.before ??= this._present();
      this._valid_days = asked.valid_days;
      /** @type {Question[]} */
      this._questions = [
        ...asked.pages.flatMap((/** @type {any} */ page) => page.questions.map((/** @type {any} */ one) => ({ ...one, part: page.title, calm: false }))),
        { id: "consulted", text: asked.consulted, part: t("About your first use"), calm: true },
        { id: "supervised", text: asked.supervised, part: t("About company"), calm: true },
      ];
      this._show();
    } catch (error) {
      this._root.replaceChildren(el("p", { class: "wrong-text", role: "alert" }, said(error)));
    }
  }

  /** What the rider has answered before, as the panel has it. */
  _present() {
    return JSON.stringify(this._rider.document.screening ?? null);
  }

  /** Answers are dated when they are saved: old ones are asked for again. @returns {boolean} whether they were old */
  _forgetOld() {
    const { hint, t } = this._app;
    const age_ms = Date.now() - (this._kept.begun_ms ?? Date.now());
    if (Math.abs(age_ms) <= OLDEST_MS) return false;
    sessionStorage.removeItem(this._key);
    this._kept = { answers: {}, at: 0, before: this._present() };
    hint(t("These answers are too old: answer the questions again."), true);
    return true;
  }

  _keep() {
    sessionStorage.setItem(this._key, JSON.stringify(this._kept));
  }

  /** @param {number} at */
  _goTo(at) {
    this._kept.at = at;
    this._keep();
    this._show();
  }

  _show() {
    const { at } = this._kept;
    const question = this._questions[at];
    this._root.replaceChildren(question === undefined ? this._review() : this._ask(question, at));
    /** @type {HTMLElement | null} */ (this._root.querySelector("[tabindex='-1']"))?.focus();
    this._root.closest("main")?.scrollTo(0, 0);
  }

  /** @param {Question} question @param {number} at */
  _ask(question, at) {
    const { t, told } = this._app;
    const given = this._kept.answers[question.id];
    const answer = (/** @type {boolean} */ value) => {
      this._kept.answers[question.id] = value;
      this._kept.begun_ms ??= Date.now();
      this._goTo(this._all() ? this._questions.length : at + 1);
    };
    const choice = (/** @type {boolean} */ value, /** @type {string} */ text) => el("button", {
      type: "button", class: "answer", "aria-pressed": given === undefined ? null : String(given === value),
      // The second tap of a hand that taps twice falls on the next question, which nobody has read yet.
      onclick: (/** @type {MouseEvent} */ event) => (event.detail > 1 ? undefined : answer(value)),
    }, text);
    return el("section", { class: "card question-page", "aria-labelledby": "question" },
      el("p", { class: "quiet-text" }, this._rider.document.rider.name, " · ", t("Question {number} of {count}", { number: at + 1, count: this._questions.length })),
      el("progress", { max: this._questions.length, value: at, "aria-label": t("Questions done") }),
      el("p", { class: "quiet-text" }, told(question.part)),
      el("h2", { id: "question", tabindex: "-1" }, told(question.text)),
      el("div", { class: "answers" }, choice(true, t("YES")), choice(false, t("NO"))),
      el("div", { class: "actions" },
        at > 0 ? el("button", { type: "button", onclick: () => this._goTo(at - 1) }, t("Back")) : null,
        this._all() ? el("button", { type: "button", onclick: () => this._goTo(this._questions.length) }, t("To the review")) : null,
        el("a", { class: "button", href: `#/riders/${this._id}` }, t("Leave; answers are kept"))));
  }

  _all() {
    return this._questions.every((one) => one.id in this._kept.answers);
  }

  _review() {
    const { t, told } = this._app;
    const { answers } = this._kept;
    this._problem = el("p", { class: "wrong-text", role: "alert", hidden: true });
    return el("section", { class: "card", "aria-labelledby": "review" },
      el("h2", { id: "review", tabindex: "-1" }, t("Are these answers right?")),
      el("p", null, t("They count for {days} days. Nothing is saved yet.", { days: this._valid_days })),
      el("ol", { class: "review" }, this._questions.map((one, index) => {
        const answer = answers[one.id];
        const text = answer === undefined ? t("not answered") : answer ? t("yes") : t("no");
        return el("li", null, el("span", null, told(one.text)), el("strong", { class: answer === one.calm ? "" : "notice" }, text),
          el("button", { type: "button", "aria-label": t("Change the answer to: {question}", { question: told(one.text) }), onclick: () => this._goTo(index) }, t("Change")));
      })),
      this._problem,
      el("div", { class: "actions" },
        el("button", { type: "button", class: "primary", onclick: () => void this._save() }, t("Save these answers")),
        el("button", { type: "button", onclick: () => this._goTo(0) }, t("From the beginning"))));
  }

  async _save() {
    const { t } = this._app;
    const problem = /** @type {HTMLElement} */ (this._problem);
    if (this._forgetOld()) {
      this._show();
      return;
    }
    const missing = this._questions.findIndex((one) => !(one.id in this._kept.answers));
    if (missing !== -1) {
      this._goTo(missing);
      return;
    }
    const { consulted, supervised, ...answers } = this._kept.answers;
    try {
      const rider = await this._put({ answers, consulted, supervised });
      sessionStorage.removeItem(this._key);
      this._result(rider);
    } catch (error) {
      problem.textContent = `${said(error)} ${t("Your answers are kept.")}`;
      if (error instanceof ApiError) problem.textContent += ` ${error.problems.map((one) => one.text).join(" ")}`;
      problem.append(" ", el("a", { href: `#/riders/${this._id}` }, t("To the rider")));
      problem.hidden = false;
    }
  }

  /**
   * Newer answers of somebody else are not replaced unseen; whatever else was changed of the rider stays, and hinders nobody.
   * @param {any} body @returns {Promise<any>} the rider
   */
  async _put(body) {
    const { api, t } = this._app;
    if (this._kept.before !== this._present()) {
      this._kept.before = this._present();
      this._keep();
      throw new Error(t("Somebody else has changed this rider meanwhile. Look at it, then save again."));
    }
    try {
      return await api.put(`riders/${this._id}/screening`, { ...body, version: this._rider.version });
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 409 && error.body?.current)) throw error;
      this._rider = error.body.current;
      return this._put(body);
    }
  }

  /** @param {any} rider */
  _result(rider) {
    const { t, told, format } = this._app;
    const limit = rider.limits.find((/** @type {any} */ one) => one.name === "inverted_limit_deg");
    this._root.replaceChildren(el("section", { class: "card", "aria-labelledby": "result-of-screening" },
      el("h2", { id: "result-of-screening", tabindex: "-1" }, rider.reasons.length === 0 ? t("Nothing stands against riding today") : t("Not yet: this stands against riding today")),
      rider.reasons.length === 0
        ? el("p", { class: "good-text" }, t("Up to {angle}: {origin}.", { angle: format.angle(limit?.value, 0), origin: told(limit?.origin ?? "") }))
        : el("ul", { class: "reasons" }, rider.reasons.map((/** @type {any} */ one) => el("li", null, told(one.text)))),
      el("p", { class: "quiet-text" }, t("Righting is no medical device. When in doubt, ask a physician.")),
      el("div", { class: "actions" }, el("a", { class: "button primary", href: `#/riders/${this._id}` }, t("To the rider")),
        el("a", { class: "button", href: "#/riders" }, t("All riders")))));
    /** @type {HTMLElement | null} */ (this._root.querySelector("[tabindex='-1']"))?.focus();
  }
}

/** @type {import("../router.js").View} */
export default {
  title: "Health questions",
  styles: ["riders.css"],
  mount(root, app, { id }) {
    new Screening(root, app, id);
  },
};
