// @ts-check
/** Hash routes: which view is shown. Views are loaded when they are first wanted. */

import { el, write } from "./dom.js";
import { t } from "./texts.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {{title: string, styles?: string[], mount(root: HTMLElement, app: App, parameters: Record<string, string>): (() => void) | void}} View */
/** @typedef {"rider" | "operator" | "clinician" | "service"} Role */

/** Patterns of routes, and the module in views/ that shows them. @type {[RegExp, string][]} */
const ROUTES = [
  [/^session$/, "session"],
  [/^session\/choose$/, "choose"],
  [/^riders$/, "riders"],
  [/^riders\/(?<id>[^/]+)$/, "riders"],
  [/^riders\/(?<id>[^/]+)\/screening$/, "screening"],
  [/^programs$/, "programs"],
  [/^programs\/(?<id>[^/]+)$/, "editor"],
  [/^history$/, "history"],
  [/^history\/(?<id>[^/]+)$/, "history"],
  [/^(?<view>checks|alarms|people|service|settings)$/, ""],
];
const FIRST = "session";

/** Roles, each of which may what those before it may. @type {Role[]} */
export const ROLES = ["rider", "operator", "clinician", "service"];

/** What the navigation names, and to whom; the panel itself refuses what a role may not. */
const places = () => /** @type {[string, string, Role][]} */ ([
  ["session", t("Session"), "rider"],
  ["riders", t("Riders"), "operator"],
  ["programs", t("Programs"), "operator"],
  ["history", t("History"), "operator"],
  ["checks", t("Checks"), "operator"],
  ["alarms", t("Alarms"), "operator"],
  ["people", t("People"), "service"],
  ["service", t("Service"), "service"],
  ["settings", t("Settings"), "rider"],
]);

/** @param {string} hash @returns {{name: string, path: string, parameters: Record<string, string>}} */
export function parse(hash) {
  const [path, query = ""] = hash.replace(/^#?\/?/, "").split("?");
  for (const [pattern, name] of ROUTES) {
    const match = pattern.exec(path);
    if (match === null) continue;
    const { view, ...named } = match.groups ?? {};
    const found = Object.fromEntries(Object.entries(named).map(([key, value]) => [key, decodeURIComponent(value)]));
    return { name: name || view, path, parameters: { ...Object.fromEntries(new URLSearchParams(query)), ...found } };
  }
  return { name: FIRST, path: FIRST, parameters: {} };
}

export class Router {
  /** @param {App} app @param {{root: HTMLElement, title: HTMLElement, nav: HTMLElement, menu: HTMLButtonElement}} page */
  constructor(app, page) {
    this._app = app;
    this._page = page;
    /** @type {(() => void) | void} */
    this._leave = undefined;
    this._count = 0;
    /** Style sheets of views that were shown, by their file. @type {Map<string, HTMLLinkElement>} */
    this._styles = new Map();
    /** Something was shown. */
    this.started = false;
    /** What was wanted could not be loaded. */
    this.failed = false;
    this._tries = 0;
    addEventListener("hashchange", () => this.show());
    page.menu.addEventListener("click", () => this.openMenu(page.menu.getAttribute("aria-expanded") !== "true"));
    // The links stand side by side where they fit, whatever the language and the size of the type.
    new ResizeObserver(() => this._fit()).observe(/** @type {Element} */ (page.nav.parentElement));
  }

  /** @returns {string} the name of the view that is shown */
  get name() {
    return parse(location.hash).name;
  }

  /** Show what the address names, also again: after a change of language or person. */
  async show() {
    const count = ++this._count;
    this.started = true;
    const { name, path, parameters } = parse(location.hash);
    this.openMenu(false);
    this._name(path.split("/")[0]);
    /** @type {View | null} */
    let view = null;
    try {
      // A module that once failed to load is asked for under another name: browsers remember the failure.
      const again = this._tries === 0 ? "" : `?again=${this._tries}`;
      view = (await import(`./views/${name}.js${again}`)).default;
      await Promise.all((view?.styles ?? []).map((file) => this._style(file)));
    } catch (error) {
      console.error(error);
    }
    if (count !== this._count) return; // somebody went on meanwhile
    // A sheet that stayed in force would dress the next view too.
    for (const [file, { sheet }] of this._styles) if (sheet) sheet.disabled = !(view?.styles ?? []).includes(file);
    this.failed = view === null;
    if (this.failed) this._tries += 1;
    this._leave?.();
    this._leave = undefined;
    // A new root each time: what an old view still writes late goes nowhere.
    const root = el("div", { id: "view", class: `view ${name}` });
    this._page.root.replaceChildren(root);
    this._page.root.parentElement?.scrollTo(0, 0);
    document.body.dataset.view = name;
    document.body.dataset.route = path;
    if (view === null) {
      write(this._page.title, t("Not there"));
      root.append(el("p", { role: "alert" }, t("This page could not be loaded. STOP and RETURN UPRIGHT work.")));
      return;
    }
    const title = t(view.title);
    write(this._page.title, title);
    document.title = `${title} · Righting`;
    this._leave = view.mount(root, this._app, parameters);
  }

  /** @param {boolean} open */
  openMenu(open) {
    this._page.menu.setAttribute("aria-expanded", String(open));
    this._page.nav.classList.toggle("open", open);
  }

  /** Write the links, with the present one marked. @param {string} present */
  _name(present) {
    const role = ROLES.indexOf(this._app.me()?.person?.role ?? (this._app.me()?.open === false ? "rider" : "service"));
    const links = places().filter(([, , least]) => ROLES.indexOf(least) <= role).map(([name, text]) =>
      el("a", { href: `#/${name}`, "aria-current": name === present ? "page" : null, onclick: () => this.openMenu(false) }, text));
    this._page.nav.replaceChildren(...links);
    const named = places().find(([name]) => name === present);
    write(this._page.menu, `☰ ${named?.[1] ?? t("Menu")}`);
    this._fit();
  }

  _fit() {
    const header = /** @type {HTMLElement} */ (this._page.nav.parentElement);
    header.classList.remove("narrow");
    header.classList.toggle("narrow", header.scrollWidth > header.clientWidth + 1);
  }

  /** @param {string} file in views/ */
  _style(file) {
    if (this._styles.has(file)) return Promise.resolve();
    return new Promise((resolve) => {
      const link = el("link", { rel: "stylesheet", href: `/page/views/${file}`, onload: resolve, onerror: resolve });
      this._styles.set(file, link);
      document.head.append(link);
    });
  }
}
