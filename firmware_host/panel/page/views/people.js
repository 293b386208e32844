// @ts-check
/** Who may do what: people with roles and PINs, tokens for programs, and the log of what was done. */

import { el } from "../dom.js";
import { showAudit } from "./audit.js";
import { showTokens } from "./tokens.js";
import { showPeople } from "./people_list.js";

/** @typedef {import("../app.js").App} App */

export default {
  title: "People",
  styles: ["people.css"],
  /** @param {HTMLElement} root @param {App} app */
  mount(root, app) {
    const places = [showPeople, showTokens, showAudit].map((show) => {
      const place = el("section", { class: "card" });
      root.append(place);
      void show(place, app);
      return place;
    });
    return () => places.forEach((place) => place.replaceChildren());
  },
};
