// @ts-check
/** Riders: the list, and one rider's page. */

import { said } from "../api.js";
import { el } from "../dom.js";
import { build, experience } from "./parts.js";
import { NewRider, RiderPage } from "./rider.js";

/** @typedef {import("../app.js").App} App */

class RiderList {
  /** @param {HTMLElement} root @param {App} app */
  constructor(root, app) {
    const { t } = app;
    this._app = app;
    /** @type {any[]} */
    this._riders = [];
    this._count = 0;
    this._search = el("input", { type: "search", id: "rider-search", oninput: () => this._show() });
    this._archived = el("input", { type: "checkbox", id: "rider-archived", onchange: () => void this._load() });
    this._list = el("ul", { class: "list" });
    this._told = el("p", { role: "status" }, t("Loading …"));
    root.append(
      el("div", { class: "actions" }, el("a", { class: "button primary", href: "#/riders/new" }, t("New rider"))),
      el("div", { class: "fields finder" },
        el("div", { class: "field" }, el("label", { htmlFor: "rider-search" }, t("Search by name")),
          el("div", { class: "input" }, this._search)),
        el("div", { class: "field checkbox" }, el("div", { class: "input" }, this._archived,
          el("label", { htmlFor: "rider-archived" }, t("Show the archive"))))),
      this._told, this._list);
    void this._load();
  }

  async _load() {
    const { api } = this._app;
    const count = ++this._count;
    try {
      const { riders } = await api.get(`riders?archived=${this._archived.checked}`);
      if (count !== this._count) return;
      this._riders = riders;
      this._show();
    } catch (error) {
      this._list.replaceChildren();
      this._told.textContent = said(error);
      this._told.className = "wrong-text";
    }
  }

  _show() {
    const { t, tn, format } = this._app;
    const wanted = this._search.value.trim().toLowerCase();
    const found = this._riders.filter((one) => one.name.toLowerCase().includes(wanted));
    const none = this._archived.checked ? t("The archive is empty.") : t("There is no rider yet. Add the first one.");
    this._told.className = "";
    this._told.textContent = this._riders.length === 0 ? none : tn("{count} rider", "{count} riders", found.length);
    this._list.replaceChildren(...found.map((one) => {
      const ready = one.reasons === 0 && one.limit_deg !== null;
      return el("li", null, el("a", { href: `#/riders/${one.id}` },
        el("span", null, el("span", { class: "name" }, one.name), el("br"),
          el("span", { class: "quiet-text" }, build(this._app, one), " · ", experience(one.experience), " · ",
            tn("{count} session here", "{count} sessions here", one.sessions))),
        el("span", { class: ready ? "good-text" : "wrong-text" },
          ready ? t("may ride, up to {angle}", { angle: format.angle(one.limit_deg, 0) })
            : tn("{count} thing to settle before riding", "{count} things to settle before riding", Math.max(one.reasons, 1)))));
    }));
  }
}

/** @type {import("../router.js").View} */
export default {
  title: "Riders",
  styles: ["riders.css"],
  mount(root, app, { id }) {
    if (id === undefined) new RiderList(root, app);
    else if (id === "new") new NewRider(root, app);
    else new RiderPage(root, app, id);
  },
};
