// @ts-check
/** What to send to whoever helps, and how nothing is lost. */

import { el } from "../dom.js";

/** @typedef {import("../app.js").App} App */

/** @param {HTMLElement} place @param {App} app */
export function showHelp(place, app) {
  const { t, api } = app;
  place.append(
    el("section", { class: "card", "aria-labelledby": "diagnostics-title" },
      el("h2", { id: "diagnostics-title" }, t("Diagnostics")),
      el("p", null, t("A zip file with versions, the machine, the table's limits, link counters and the last sessions in figures. Nobody's name, health, program or password is in it.")),
      el("div", { class: "actions" }, el("a", { class: "button primary", href: api.url("service/diagnostics"), download: "" }, t("Download the diagnostics")))),
    el("section", { class: "card", "aria-labelledby": "backup-title" },
      el("h2", { id: "backup-title" }, t("Backup")),
      el("p", null, t("Riders, programs, people and history are in one database, and every session is a file beside it. This command copies both while everything runs:")),
      el("pre", null, "righting backup"),
      el("p", null, t("Keep the copy on another disk. Bring it back with:")),
      el("pre", null, "righting restore"),
      el("p", null, t("Both say with --help which files they take. Try once whether the copy can be read, before you need it."))));
}
