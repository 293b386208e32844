// @ts-check
/** What was done on this table: a list of sessions, or one of them. */

import { showList } from "./history_list.js";
import { showSession } from "./history_session.js";

/** @typedef {import("../app.js").App} App */

export default {
  title: "History",
  styles: ["curves.css", "history.css"],
  /** @param {HTMLElement} root @param {App} app @param {Record<string, string>} parameters */
  mount(root, app, parameters) {
    if (parameters.id === undefined) return showList(root, app, parameters);
    void showSession(root, app, parameters.id);
  },
};
