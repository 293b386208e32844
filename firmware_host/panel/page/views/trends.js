// @ts-check
/** What changed over the sessions of a rider: time inverted, highest angle, comfort. */

import { el } from "../dom.js";
import { roundedTop, trend } from "./curves.js";

/** @typedef {import("../app.js").App} App */

const MOST = 40;

/** @param {HTMLElement} place @param {App} app @param {string} rider */
export async function showTrends(place, app, rider) {
  const { t, format, api } = app;
  place.replaceChildren(el("h2", null, t("Over the sessions")));
  /** @type {any[]} */
  let sessions;
  try {
    sessions = (await api.get(`riders/${encodeURIComponent(rider)}/trends`)).sessions.slice(-MOST);
  } catch (error) {
    place.append(el("p", { class: "wrong-text" }, /** @type {Error} */ (error).message));
    return;
  }
  if (sessions.length === 0) {
    place.append(el("p", null, t("This rider has no session yet.")));
    return;
  }
  const ends = { from: format.date(sessions[0].started_at), to: format.date(sessions[sessions.length - 1].started_at) };
  const of = (/** @type {string} */ name) => sessions.map((one) => one[name] ?? null);
  const minutes = of("inverted_s").map((value) => (value === null ? null : value / 60));
  const charts = [
    figure(t("Time inverted, min"), trend({
      label: t("Time inverted in each session, from {from} to {to}", ends), ...ends, lowest: 0,
      highest: roundedTop(minutes, 2, 2), say: (value) => format.number(value), series: [{ name: "", className: "first", values: minutes }],
    })),
    figure(t("Highest angle, °"), trend({
      label: t("Highest angle of each session, from {from} to {to}", ends), ...ends, lowest: 0,
      highest: roundedTop(of("highest_deg"), 30, 30), say: (value) => format.number(value),
      series: [{ name: "", className: "first", values: of("highest_deg").map((deg) => (deg === null ? null : Math.max(deg, 0))) }],
    })),
  ];
  const [before, after] = [of("comfort_before"), of("comfort_after")];
  if ([...before, ...after].some((value) => value !== null)) {
    charts.push(figure(t("Comfort, 0 to 10"), trend({
      label: t("Comfort before and after each session, from {from} to {to}", ends), ...ends, lowest: 0, highest: 10,
      say: (value) => format.number(value),
      series: [
        { name: t("before"), className: "first", values: before }, { name: t("after"), className: "second", values: after },
      ],
    }), el("p", { class: "key", "aria-hidden": "true" }, el("span", null, t("before")), el("span", { class: "second" }, t("after")))));
  }
  place.append(el("div", { class: "cards" }, charts), asTable(app, sessions));
}

/** @param {string} caption @param {...Node} drawing */
function figure(caption, ...drawing) {
  return el("figure", null, el("figcaption", null, caption), ...drawing);
}

/** The same in numbers. @param {App} app @param {any[]} sessions */
function asTable(app, sessions) {
  const { t, format } = app;
  const head = [t("Session"), t("Inverted"), t("Highest"), t("Before"), t("After")];
  const rows = sessions.toReversed().map((one) => el("tr", null,
    el("td", null, el("a", { href: `#/history/${encodeURIComponent(one.id)}` }, format.date(one.started_at))),
    el("td", { class: "number" }, format.duration(one.inverted_s)),
    el("td", { class: "number" }, format.angle(one.highest_deg, 0)),
    el("td", { class: "number" }, format.number(one.comfort_before)),
    el("td", { class: "number" }, format.number(one.comfort_after))));
  return el("details", null, el("summary", null, t("In numbers")),
    el("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": t("Sessions in numbers") }, el("table", null,
      el("thead", null, el("tr", null, head.map((text, place) => el("th", { class: place > 0 ? "number" : null }, text)))),
      el("tbody", null, rows))));
}
