// @ts-check
/** One rider: what may be done today and why, who it is, clearance, and what a rider may ask for. */

import { ApiError, said } from "../api.js";
import { el, keepDraft, showProblems } from "../dom.js";
import { conflict, download, facts } from "./parts.js";
import { clearanceFields, limitFields, profileFields, readClearance, readProfile } from "./rider_form.js";

/** @typedef {import("../app.js").App} App */

/** Of a clearance's form: the clearance that it was begun from, which a draft keeps. */
const BEFORE = "clearance.before";

/** The form for somebody who is not known yet. */
export class NewRider {
  /** @param {HTMLElement} root @param {App} app */
  constructor(root, app) {
    const { t } = app;
    const form = el("form", { class: "card", noValidate: true, onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      void this._save();
    } },
    el("h2", null, t("Who is it?")),
    el("div", { class: "fields" }, profileFields(app, {})),
    el("div", { class: "actions" }, el("button", { class: "primary" }, t("Save, and go on to the health questions")),
      el("a", { class: "button", href: "#/riders" }, t("Cancel"))));
    this._app = app;
    this._form = form;
    this._forget = keepDraft(form, `riders/new/${app.units()}`);
    root.append(form);
  }

  async _save() {
    const { api, go } = this._app;
    const { document, problems } = readProfile(this._app, this._form, {});
    showProblems(this._form, problems);
    if (problems.length > 0) return;
    try {
      const rider = await api.post("riders", { document });
      this._forget();
      go(`#/riders/${rider.id}/screening`);
    } catch (error) {
      showProblems(this._form, error instanceof ApiError ? error.problems : [], said(error));
    }
  }
}

export class RiderPage {
  /** @param {HTMLElement} root @param {App} app @param {string} id */
  constructor(root, app, id) {
    this._root = root;
    this._app = app;
    this._id = id;
    root.append(el("p", { role: "status" }, app.t("Loading …")));
    void this._load();
  }

  async _load() {
    const { api } = this._app;
    try {
      const [rider, questions] = await Promise.all([api.get(`riders/${this._id}`), api.get("screening")]);
      this._questions = questions.pages.flatMap((/** @type {any} */ page) => (page.id === "clearance" ? page.questions : []));
      this._show(rider);
    } catch (error) {
      this._root.replaceChildren(el("p", { class: "wrong-text", role: "alert" }, said(error)),
        el("p", null, el("a", { href: "#/riders" }, this._app.t("All riders"))));
    }
  }

  /** @param {any} rider as the panel has it */
  _show(rider) {
    this._rider = rider;
    this._root.replaceChildren(
      this._heading(), this._problems(), this._today(), this._limits(), this._profile(), this._clearance(), this._rights());
  }

  _heading() {
    const { t, tn } = this._app;
    const { document, sessions, archived_at: archived } = this._rider;
    return el("div", null, el("h2", { class: "who" }, document.rider.name), el("p", { class: "quiet-text" },
      tn("{count} session here", "{count} sessions here", sessions), " · ", el("a", { href: `#/history?rider=${this._rider.id}` }, t("History")),
      " · ", el("a", { href: "#/riders" }, t("All riders"))),
    archived ? el("p", { class: "tag" }, t("in the archive")) : null);
  }

  /** What an update of the program made wrong in a rider that was right. */
  _problems() {
    const { told } = this._app;
    return this._rider.problems.length === 0 ? "" : el("div", { class: "problems" },
      this._rider.problems.map((/** @type {any} */ one) => el("p", null, told(one.text))));
  }

  _today() {
    const { t, told } = this._app;
    const { id, reasons, document } = this._rider;
    const asked = document.screening !== undefined && document.screening !== null;
    const answered = asked ? t("Health questions answered on {date}.", { date: this._app.format.date(document.screening.answered) }) : "";
    return el("section", { class: "card", "aria-labelledby": "today" }, el("h2", { id: "today" }, t("Riding today")),
      reasons.length === 0 ? el("p", { class: "good-text" }, t("Nothing stands against riding today."))
        : [el("p", null, t("Before the next ride:")),
          el("ul", { class: "reasons" }, reasons.map((/** @type {any} */ one) => el("li", null, told(one.text))))],
      el("p", { class: "quiet-text" }, answered, " ", t("Righting is no medical device. When in doubt, ask a physician.")),
      el("div", { class: "actions" }, el("a", { class: asked ? "button" : "button primary", href: `#/riders/${id}/screening` },
        asked ? t("Answer the health questions anew") : t("Answer the health questions"))));
  }

  _limits() {
    const { t, told } = this._app;
    const { limits } = this._rider;
    if (limits.length === 0) return "";
    return el("section", { class: "card", "aria-labelledby": "limits" },
      el("h2", { id: "limits" }, t("What is allowed, and why")),
      facts(limits.map((/** @type {any} */ one) => [told(one.label), this._quantity(one), told(one.origin)])));
  }

  /** @param {{value: number, unit: string}} limit */
  _quantity({ value, unit }) {
    const { format, t } = this._app;
    const number = format.number(value, Number.isInteger(value) ? 0 : 1);
    if (unit === "deg") return `${number}°`;
    if (unit === "s" && value >= 60) return t("{time} min", { time: format.duration(value) });
    return `${number} ${unit.replace("deg", "°").replace("2", "²").replace("3", "³")}`.replace(" °", " °");
  }

  _profile() {
    const { t } = this._app;
    const { document, version, limits } = this._rider;
    const own = document.limits ?? {};
    const form = el("form", { class: "card", "aria-label": t("Profile"), noValidate: true, onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      void this._saveProfile();
    } },
    el("input", { type: "hidden", name: "version", value: String(version) }),
    el("h2", null, t("Profile")),
    el("div", { class: "fields" }, profileFields(this._app, document.rider)),
    el("details", { class: "more", open: Object.keys(own).length > 0 }, el("summary", null, t("Own limits, tighter than what is allowed")),
      el("p", { class: "quiet-text" }, t("They can only make it gentler. Leave empty what needs no limit of its own.")),
      el("div", { class: "fields" }, limitFields(this._app, own, limits))),
    el("div", { class: "actions" }, el("button", { class: "primary" }, t("Save profile"))));
    this._form = form;
    this._forget = keepDraft(form, `riders/${this._id}/${this._app.units()}`);
    return form;
  }

  async _saveProfile() {
    const { api, hint, t } = this._app;
    const form = /** @type {HTMLFormElement} */ (this._form);
    const { document, problems } = readProfile(this._app, form, this._rider.document);
    showProblems(form, problems);
    if (problems.length > 0) {
      openAround(form);
      return;
    }
    const version = Number(/** @type {HTMLInputElement} */ (form.elements.namedItem("version")).value);
    try {
      const saved = await api.put(`riders/${this._id}`, { document, version });
      this._forget?.();
      this._show(saved);
      hint(t("Saved"));
    } catch (error) {
      if (error instanceof ApiError && error.status === 409 && error.body?.current) this._conflict(error.body.current);
      else showProblems(form, error instanceof ApiError ? error.problems : [], said(error));
      openAround(form);
    }
  }

  /** @param {any} current the rider as somebody else has saved it */
  _conflict(current) {
    const form = /** @type {HTMLFormElement} */ (this._form);
    form.querySelector(".conflict")?.remove();
    const theirs = el("form", null, profileFields(this._app, current.document.rider), limitFields(this._app, current.document.limits ?? {}, []));
    const rows = [...theirs.querySelectorAll(".field")].map((place) => {
      const name = /** @type {HTMLElement} */ (place).dataset.field ?? "";
      const mine = form.querySelector(`[data-field="${name}"]`);
      return { name: place.querySelector("label")?.textContent ?? "", mine: shownValue(mine), theirs: shownValue(place) };
    }).filter(({ mine, theirs: other }) => mine !== other);
    const box = conflict(rows, () => {
      // What the form does not show is taken from the newer one.
      this._rider.document = { ...current.document, rider: { ...current.document.rider } };
      /** @type {HTMLInputElement} */ (form.elements.namedItem("version")).value = String(current.version);
      box.remove();
      void this._saveProfile();
    }, () => {
      this._forget?.();
      this._show(current);
    });
    form.prepend(box);
    box.scrollIntoView({ block: "nearest" });
  }

  _clearance() {
    const { t, format, told, may } = this._app;
    const given = this._rider.document.clearance ?? null;
    const title = el("h2", { id: "clearance" }, t("Physician's clearance"));
    const told_of = given === null ? el("p", null, t("There is none. One is needed for a condition from the second page of the questions, and beyond 60° for experienced riders."))
      : facts([[t("Given by"), given.given_by], [t("Valid until"), format.date(given.expires)],
        ...(given.inverted_limit_deg ? [[t("Up to"), format.angle(given.inverted_limit_deg, 0)]] : []),
        ...(given.conditions ?? []).map((/** @type {string} */ id) => [t("For"), told(this._questions.find((/** @type {any} */ one) => one.id === id)?.text ?? id)])]);
    if (!may("clinician")) {
      return el("section", { class: "card", "aria-labelledby": "clearance" }, title, told_of,
        el("p", { class: "quiet-text" }, t("A clinician enters and changes it.")));
    }
    const form = el("form", { noValidate: true, onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      void this._saveClearance(form, true);
    } },
    el("input", { type: "hidden", name: BEFORE, value: JSON.stringify(given) }),
    el("div", { class: "fields" }, clearanceFields(this._app, given, this._questions)),
    el("div", { class: "actions" }, el("button", { class: "primary" }, t("Save clearance")),
      given === null ? null : el("button", { type: "button", class: "danger", onclick: () => void this._saveClearance(form, false) }, t("Take clearance away"))));
    this._clearanceForm = form;
    this._forgetClearance = keepDraft(form, `riders/${this._id}/clearance`);
    return el("section", { class: "card", "aria-labelledby": "clearance" }, title, told_of,
      el("details", { class: "more" }, el("summary", null, given === null ? t("Enter a clearance") : t("Change the clearance")), form));
  }

  /** @param {HTMLFormElement} form @param {boolean} given */
  async _saveClearance(form, given) {
    const { api, ask, hint, t } = this._app;
    const { clearance, problems } = readClearance(this._app, form, this._questions);
    if (given) {
      showProblems(form, problems);
      if (problems.length > 0) return;
      if (this._seesNewer(form)) {
        showProblems(form, [], t("Somebody else has changed this rider meanwhile. Look at it, then save again."));
        return;
      }
    } else if (!await ask(t("Take the clearance away?"), t("Take away"), t("Keep it"))) return;
    try {
      const saved = await api.put(`riders/${this._id}/clearance`, { clearance: given ? clearance : null, version: this._rider.version });
      this._forgetClearance?.();
      this._show(saved);
      hint(t("Saved"));
    } catch (error) {
      if (error instanceof ApiError && error.status === 409 && error.body?.current) this._newer(error.body.current);
      showProblems(form, error instanceof ApiError ? error.problems : [], said(error));
    }
  }

  /**
   * Tell whether there is another clearance than when this one was begun. It is shown above, so it counts as seen.
   * @param {HTMLFormElement} form
   */
  _seesNewer(form) {
    const before = /** @type {HTMLInputElement} */ (form.elements.namedItem(BEFORE));
    const now = JSON.stringify(this._rider.document.clearance ?? null);
    if (before.value === now) return false;
    before.value = now;
    before.dispatchEvent(new Event("input", { bubbles: true }));
    return true;
  }

  /** The rest of the page is shown anew; what was typed into the clearance stays as a draft. @param {any} current */
  _newer(current) {
    this._show(current);
    if (this._clearanceForm) this._seesNewer(this._clearanceForm);
    this._app.hint(this._app.t("Somebody else has changed this rider meanwhile. Look at it, then save again."), true);
  }

  _rights() {
    const { t } = this._app;
    const { id, archived_at: archived } = this._rider;
    return el("section", { class: "card", "aria-labelledby": "rights" }, el("h2", { id: "rights" }, t("What is kept about this rider")),
      el("p", null, t("A rider may ask for a copy of everything, and to be forgotten.")),
      el("div", { class: "actions" },
        download(this._app, `riders/${id}/export`, t("Download everything")), download(this._app, `riders/${id}/toml`, t("Download rider file (TOML)")),
        el("button", { type: "button", onclick: () => void this._put(archived ? "restore" : "archive") }, archived ? t("Take out of the archive") : t("Archive")),
        el("button", { type: "button", class: "danger", onclick: () => void this._delete() }, t("Delete …"))));
  }

  /** @param {"archive" | "restore"} what */
  async _put(what) {
    const { api, hint, t } = this._app;
    try {
      this._show(await api.post(`riders/${this._id}/${what}`));
      hint(what === "archive" ? t("Archived") : t("Taken out of the archive"));
    } catch (error) {
      hint(said(error), true);
    }
  }

  async _delete() {
    const { api, ask, go, hint, t } = this._app;
    const { name } = this._rider.document.rider;
    const question = t("Delete {name} for good? Profile, answers, clearance and notes go. Sessions stay as the table's history, without a name. This cannot be undone.", { name });
    if (!await ask(question, t("Delete for good"), t("Keep"))) return;
    try {
      await api.delete(`riders/${this._id}`);
      this._forget?.();
      go("#/riders");
      hint(t("Deleted"));
    } catch (error) {
      hint(said(error), true);
    }
  }
}

/** Open what hides a field with something wrong. @param {HTMLElement} form */
function openAround(form) {
  const around = form.querySelector("details .wrong")?.closest("details");
  if (around) around.open = true;
}

/** @param {Element | null} place */
function shownValue(place) {
  const input = place?.querySelector("input, select");
  if (input instanceof HTMLSelectElement) return input.selectedOptions[0]?.textContent ?? "";
  return input instanceof HTMLInputElement ? input.value : "";
}
