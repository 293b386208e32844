// @ts-check
/** People: added, renamed, given a role or a PIN, put away. */

import { el, field, showProblems, values } from "../dom.js";
import { roleOptions, roleWord, roles } from "./roles.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {{id: number, name: string, role: string, has_pin: boolean, active: boolean}} Person */

class People {
  /** @param {HTMLElement} root @param {App} app */
  constructor(root, app) {
    const { t } = app;
    this._app = app;
    this._list = el("ul", { class: "list people-list" });
    this._note = el("p", { role: "status" });
    root.setAttribute("aria-labelledby", "people-title");
    root.append(
      el("h2", { id: "people-title" }, t("People")), this._note, this._list, this._adding(),
      el("details", null, el("summary", null, t("What each role may do")), el("dl", { class: "facts" },
        roles().map(([, word, may]) => el("div", null, el("dt", null, word), el("dd", null, may))))));
  }

  async load() {
    const { t, api } = this._app;
    try {
      /** @type {{people: Person[]}} */
      const { people } = await api.get("people");
      this._list.replaceChildren(...people.map((person) => el("li", null, this._person(person))));
      this._note.textContent = people.some((person) => person.has_pin) ? "" : t(
        "Nobody has a PIN yet, so everybody at this computer may do everything. The first PIN is for somebody of the role Service.");
    } catch (error) {
      this._note.textContent = /** @type {Error} */ (error).message;
    }
  }

  /** @param {Person} person */
  _person(person) {
    const { t } = this._app;
    const tags = [el("span", { class: "tag" }, roleWord(person.role))];
    if (!person.has_pin) tags.push(el("span", { class: "tag" }, t("no PIN")));
    if (!person.active) tags.push(el("span", { class: "tag" }, t("put away")));
    return el("details", null,
      el("summary", null, el("span", { class: "name" }, person.name), el("span", { class: "tags" }, tags)),
      this._changing(person), this._pin(person), this._away(person));
  }

  /** @param {Person} person */
  _changing(person) {
    const { t, api } = this._app;
    const form = el("form", { onsubmit: (/** @type {Event} */ event) => this._send(event, form, async () => {
      const { name, role } = values(form);
      await api.patch(`people/${person.id}`, { name, role });
    }) },
    el("div", { class: "fields" }, field({ label: t("Name"), name: "name", value: person.name, required: true, maxLength: 100 }),
      field({ label: t("Role"), name: "role", type: "select", value: person.role, options: roleOptions() })),
    el("div", { class: "actions" }, el("button", { type: "submit" }, t("Save name and role"))));
    return form;
  }

  /** @param {Person} person */
  _pin(person) {
    const { t, api } = this._app;
    const pins = pinFields(t);
    const form = el("form", { onsubmit: (/** @type {Event} */ event) => this._send(event, form, async () => {
      await api.patch(`people/${person.id}`, { pin: pins.read() });
      this._app.hint(t("PIN set for {name}", { name: person.name }));
    }) },
    el("div", { class: "fields" }, pins.elements),
    el("div", { class: "actions" }, el("button", { type: "submit" }, person.has_pin ? t("Change PIN") : t("Set PIN"))));
    return form;
  }

  /** @param {Person} person */
  _away(person) {
    const { t, api, ask } = this._app;
    const form = el("form", { onsubmit: (/** @type {Event} */ event) => this._send(event, form, async () => {
      const question = t("Put {name} away? The PIN stops working at once; what was done stays in the log.", { name: person.name });
      if (person.active && !(await ask(question, t("Put away"), t("Keep")))) return;
      await api.patch(`people/${person.id}`, { active: !person.active });
    }) },
    el("div", { class: "actions" }, el("button", { type: "submit", class: person.active ? "danger" : "" },
      person.active ? t("Put away") : t("Take back"))));
    return form;
  }

  _adding() {
    const { t, api } = this._app;
    const pins = pinFields(t, t("It may be left out: a rider needs none."));
    const form = el("form", { class: "add", "aria-label": t("Add somebody"), onsubmit: (/** @type {Event} */ event) =>
      this._send(event, form, async () => {
        const { name, role } = values(form);
        const pin = pins.read();
        await api.post("people", { name, role, ...(pin === "" ? {} : { pin }) });
        form.reset();
      }) },
    el("h3", null, t("Add somebody")),
    el("div", { class: "fields" }, field({ label: t("Name"), name: "name", required: true, maxLength: 100, autocomplete: "off" }),
      field({ label: t("Role"), name: "role", type: "select", value: "operator", options: roleOptions() }), pins.elements),
    el("div", { class: "actions" }, el("button", { type: "submit", class: "primary" }, t("Add"))));
    return form;
  }

  /** Send a form; what was refused is told beside its field. @param {Event} event @param {HTMLFormElement} form @param {() => Promise<void>} send */
  async _send(event, form, send) {
    event.preventDefault();
    try {
      await send();
    } catch (error) {
      const refused = /** @type {import("../api.js").ApiError} */ (error);
      showProblems(form, refused.problems ?? [], refused.message);
      return;
    }
    showProblems(form, []);
    await this._app.refreshMe();
    await this.load();
  }
}

/** A PIN, twice: nobody sees what is typed. @param {App["t"]} t @param {string} [hint] */
function pinFields(t, hint) {
  const common = { type: "password", inputMode: "numeric", autocomplete: "new-password", maxLength: 128 };
  const elements = [
    field({ label: t("New PIN"), name: "pin", hint, ...common }), field({ label: t("New PIN again"), name: "again", ...common }),
  ];
  const [first, again] = elements.map((one) => /** @type {HTMLInputElement} */ (one.querySelector("input")));
  return {
    elements,
    read: () => {
      if (first.value !== again.value) {
        const text = t("The two are not the same: type both again.");
        throw Object.assign(new Error(text), { problems: [{ field: "again", line: null, text }] });
      }
      return first.value;
    },
  };
}

/** @param {HTMLElement} place @param {App} app */
export function showPeople(place, app) {
  return new People(place, app).load();
}
