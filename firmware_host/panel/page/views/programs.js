// @ts-check
/** The library of programs: those that come with Righting, and own ones; import and export. */

import { ApiError, said } from "../api.js";
import { el, field, keepDraft, showProblems } from "../dom.js";
import { chosenRider, download, facts, riderChoice } from "./parts.js";
import { thumbnail } from "./program_curve.js";

/** @typedef {import("../app.js").App} App */

/** Of why a program does not fit: the editor shows all. */
const MOST_REASONS = 3;
const LARGEST_BYTES = 128 * 1024;

class Library {
  /** @param {HTMLElement} root @param {App} app */
  constructor(root, app) {
    const { t } = app;
    this._app = app;
    this._count = 0;
    /** @type {any[]} */
    this._programs = [];
    this._archived = el("input", { type: "checkbox", id: "program-archived", onchange: () => void this._load() });
    this._told = el("p", { role: "status" }, t("Loading …"));
    this._cards = el("ul", { class: "cards program-cards" });
    root.append(
      el("div", { class: "actions" }, el("a", { class: "button primary", href: "#/programs/new" }, t("New program"))),
      this._import(),
      el("div", { class: "fields finder" }, riderChoice(app, () => void this._load()),
        el("div", { class: "field checkbox" }, el("div", { class: "input" }, this._archived,
          el("label", { htmlFor: "program-archived" }, t("Show the archive"))))),
      this._told, this._cards);
    void this._load();
  }

  async _load() {
    const { api, t, tn } = this._app;
    const count = ++this._count;
    const rider = chosenRider();
    try {
      const { programs } = await api.get(`programs?archived=${this._archived.checked}${rider === null ? "" : `&rider_id=${rider}`}`);
      if (count !== this._count) return;
      this._told.className = "";
      this._told.textContent = programs.length === 0 ? (this._archived.checked ? t("The archive is empty.") : t("There is no program yet."))
        : tn("{count} program", "{count} programs", programs.length);
      this._cards.replaceChildren(...programs.map((/** @type {any} */ one) => this._card(one)));
    } catch (error) {
      if (count !== this._count) return;
      this._cards.replaceChildren();
      this._told.textContent = said(error);
      this._told.className = "wrong-text";
    }
  }

  /** @param {any} one */
  _card(one) {
    const { t, format } = this._app;
    const open = el("a", { class: "button", href: `#/programs/${one.id}`, "aria-label": t("Open {name}", { name: one.name }) }, t("Open"));
    return el("li", { class: "card" },
      el("h2", null, one.name, " ", one.built_in ? el("span", { class: "tag" }, t("built in")) : null),
      thumbnail(one.curve, one.name),
      one.description ? el("p", { class: "quiet-text" }, one.description) : null,
      facts([[t("Whole session"), format.duration(one.total_s)], [t("Time inverted"), format.duration(one.inverted_s)],
        [t("Highest angle"), format.angle(one.highest_deg, 0)]]),
      this._fit(one),
      el("div", { class: "actions" }, open, el("details", { class: "more" }, el("summary", null, t("More")), el("div", { class: "actions" },
        download(this._app, `programs/${one.id}/toml`, t("Export (TOML)")),
        el("button", { type: "button", onclick: () => void this._put(one, one.archived_at ? "restore" : "archive") }, one.archived_at ? t("Take out of the archive") : t("Archive")),
        one.built_in ? null : el("button", { type: "button", class: "danger", onclick: () => void this._delete(one) }, t("Delete …"))))));
  }

  /** @param {any} one */
  _fit(one) {
    const { t, told } = this._app;
    if (one.fits === null) return el("p", { class: "quiet-text" }, t("Choose a rider to see whether it fits."));
    if (one.fits) return el("p", { class: "good-text" }, t("Fits this rider"));
    const who = chosenRider() === null ? t("Does not fit this table") : t("Does not fit this rider");
    return el("details", { class: "more misfit" }, el("summary", { class: "wrong-text" }, who),
      el("ul", null, one.why_not.slice(0, MOST_REASONS).map((/** @type {string} */ text) => el("li", null, told(text)))),
      one.why_not.length > MOST_REASONS ? el("p", { class: "quiet-text" }, t("Open it to see everything.")) : null);
  }

  /** @param {any} one @param {"archive" | "restore"} what */
  async _put(one, what) {
    const { api, hint, t } = this._app;
    try {
      await api.post(`programs/${one.id}/${what}`);
      hint(what === "archive" ? t("Archived") : t("Taken out of the archive"));
      await this._load();
    } catch (error) {
      hint(said(error), true);
    }
  }

  /** @param {any} one */
  async _delete(one) {
    const { api, ask, hint, t } = this._app;
    if (!await ask(t("Delete {name} for good? This cannot be undone.", { name: one.name }), t("Delete for good"), t("Keep"))) return;
    try {
      await api.delete(`programs/${one.id}`);
      hint(t("Deleted"));
      await this._load();
    } catch (error) {
      hint(said(error), true);
    }
  }

  _import() {
    const { t } = this._app;
    const area = field({ label: t("or paste the text of one"), name: "text", type: "textarea", rows: 8, spellcheck: false, autocomplete: "off" });
    const text = /** @type {HTMLTextAreaElement} */ (area.querySelector("textarea"));
    const file = field({ label: t("Choose a program file (.toml)"), name: "file", type: "file", accept: ".toml,application/toml,text/plain", onchange: async (/** @type {Event} */ event) => {
      const [chosen] = /** @type {HTMLInputElement} */ (event.target).files ?? [];
      if (chosen === undefined) return;
      if (chosen.size > LARGEST_BYTES) {
        showProblems(form, [{ field: "file", line: null, text: t("This file is too large to be a program. Is it the right one?") }]);
        return;
      }
      text.value = await chosen.text();
      text.dispatchEvent(new Event("input", { bubbles: true }));
      showProblems(form, []);
    } });
    const form = el("form", { noValidate: true, "aria-label": t("Import a program"), onsubmit: async (/** @type {Event} */ event) => {
      event.preventDefault();
      await this._take(form, text.value, () => forget());
    } }, file, area, el("div", { class: "actions" }, el("button", { class: "primary" }, t("Import"))));
    const forget = keepDraft(form, "programs/import");
    return el("details", { class: "card more", open: text.value !== "" }, el("summary", null, t("Import a program")), form);
  }

  /** @param {HTMLFormElement} form @param {string} text @param {() => void} forget */
  async _take(form, text, forget) {
    const { api, go, hint, t } = this._app;
    if (text.trim() === "") {
      showProblems(form, [{ field: "text", line: null, text: t("Choose a file, or paste its text here.") }]);
      return;
    }
    try {
      const made = await api.post("programs", { text });
      forget();
      hint(t("Imported"));
      go(`#/programs/${made.id}`);
    } catch (error) {
      const problems = error instanceof ApiError ? error.problems : [];
      // Fields of a program are none of this form: everything is told beside the text.
      const told = problems.map(({ line, text: one }) => (line === null || line === undefined ? one : t("Line {line}: {text}", { line, text: one })));
      showProblems(form, [{ field: "text", line: null, text: told.join("\n") || said(error) }]);
    }
  }
}

/** @type {import("../router.js").View} */
export default {
  title: "Programs",
  styles: ["riders.css", "programs.css"],
  mount(root, app) {
    new Library(root, app);
  },
};
