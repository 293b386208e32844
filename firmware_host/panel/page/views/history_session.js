// @ts-check
/** One session: how it went, why, how it felt, and what can be taken along. */

import { comfortScale } from "../comfort.js";
import { el, showProblems } from "../dom.js";
import { good, outcomeWords } from "./outcomes.js";
import { eventWords } from "../words.js";

/** @typedef {import("../app.js").App} App */

/** @param {HTMLElement} root @param {App} app @param {string} id */
export async function showSession(root, app, id) {
  const { t, api } = app;
  const place = `sessions/${encodeURIComponent(id)}`;
  root.append(el("p", null, el("a", { class: "back", href: "#/history" }, t("← All sessions"))));
  /** @type {any} */
  let one;
  try {
    one = await api.get(place);
  } catch (error) {
    root.append(el("p", { class: "wrong-text", role: "alert" }, /** @type {Error} */ (error).message));
    return;
  }
  root.append(facts(app, one));
  if ((one.trips ?? []).length > 0) root.append(explanation(app, place));
  root.append(
    picture(t("Picture"), api.url(`${place}/picture.png`), t("Angle, states, rate and motor current over the session"), t),
    comfort(app, place, one), downloads(app, place), events(app, one.events ?? []));
}

/** @param {App} app @param {any} one */
function facts(app, one) {
  const { t, format, told } = app;
  const ended = el("p", { class: `outcome ${good(one.outcome) ? "good-text" : "wrong-text"}` }, outcomeWords(one.outcome));
  const rows = /** @type {[string, string][]} */ ([
    [t("Rider"), one.rider?.name ?? t("not recorded")],
    [t("Begun"), format.time(one.started_at)],
    [t("Duration"), format.duration(one.duration_s)],
    [t("Time inverted"), format.duration(one.inverted_s)],
    [t("Highest angle"), format.angle(one.highest_deg)],
  ]);
  return el("section", { class: "card", "aria-labelledby": "session-program" },
    el("h2", { id: "session-program" }, one.program, one.simulated ? el("span", { class: "tag" }, t("simulated")) : null),
    ended, one.reason ? el("p", null, told(one.reason)) : null,
    el("dl", { class: "facts" }, rows.map(([name, value]) => el("div", null, el("dt", null, name), el("dd", null, value)))));
}

/** Why the monitors acted. @param {App} app @param {string} place */
function explanation(app, place) {
  const { t, told, api } = app;
  const card = el("section", { class: "card", "aria-labelledby": "session-why" },
    el("h2", { id: "session-why" }, t("What happened")));
  const waiting = el("p", { class: "quiet-text", role: "status" }, t("Reading the recording …"));
  card.append(waiting);
  void api.get(`${place}/explanation`).then(
    (answer) => {
      waiting.remove();
      const sides = answer.text.filter((/** @type {string} */ sentence) => !answer.brief.includes(sentence));
      card.append(...answer.brief.map((/** @type {string} */ sentence) => el("p", null, told(sentence))));
      if (sides.length > 0) {
        card.append(el("details", null, el("summary", null, t("What host and board saw, for whoever mends the table")),
          ...sides.map((/** @type {string} */ sentence) => el("p", { lang: "en" }, sentence))));
      }
      card.append(...drawing(api.url(`${place}/explanation.png`), t("The moments around the first trip"), t));
    },
    (error) => {
      waiting.className = "wrong-text";
      waiting.textContent = error.message;
    });
  return card;
}

/** @param {string} title @param {string} address @param {string} words @param {App["t"]} t */
function picture(title, address, words, t) {
  return el("section", { class: "card", "aria-labelledby": "session-picture" }, el("h2", { id: "session-picture" }, title),
    ...drawing(address, words, t));
}

/** @param {string} address @param {string} words @param {App["t"]} t */
function drawing(address, words, t) {
  const failed = el("p", { class: "quiet-text", hidden: true }, t("There is no picture: the recording cannot be drawn, or is not there any more."));
  const image = el("img", {
    src: address, alt: words, loading: "lazy", width: 1600, height: 1000,
    onerror: () => { image.hidden = true; failed.hidden = false; },
  });
  return [el("div", { class: "drawing" }, el("a", { href: address, target: "_blank", rel: "noopener" }, image)), failed];
}

/** @param {App} app @param {string} place @param {any} one */
function comfort(app, place, one) {
  const { t, api } = app;
  const given = { before: one.comfort_before ?? null, after: one.comfort_after ?? null };
  const note = el("textarea", { id: "comfort-note", rows: 2, maxLength: 2000 });
  note.value = one.comfort_note ?? "";
  const saved = el("p", { role: "status", class: "good-text" });
  const form = el("form", {
    class: "card", "aria-labelledby": "session-comfort",
    onsubmit: async (/** @type {Event} */ event) => {
      event.preventDefault();
      saved.textContent = "";
      try {
        await api.put(`${place}/comfort`, { ...given, note: note.value });
        showProblems(form, []);
        saved.textContent = t("Saved");
      } catch (error) {
        const refused = /** @type {import("../api.js").ApiError} */ (error);
        showProblems(form, refused.problems ?? [], refused.message);
      }
    },
  },
  el("h2", { id: "session-comfort" }, t("How it felt")),
  scale("before", t("Before the session"), given), scale("after", t("After the session"), given),
  el("div", { class: "field", dataset: { field: "note" } },
    el("label", { htmlFor: "comfort-note" }, t("Note")), note, el("p", { class: "problem" })),
  el("div", { class: "actions" }, el("button", { type: "submit", class: "primary" }, t("Save how it felt")), saved));
  return form;
}

/**
 * @param {"before" | "after"} name @param {string} question
 * @param {{before: number | null, after: number | null}} given takes what is chosen
 */
function scale(name, question, given) {
  const made = comfortScale(name, question, (value) => { given[name] = value; });
  /** @type {HTMLInputElement | null} */
  const chosen = made.querySelector(`input[value="${given[name]}"]`);
  if (chosen !== null) chosen.checked = true;
  return el("div", { dataset: { field: name } }, made, el("p", { class: "problem" }));
}

/** @param {App} app @param {string} place */
function downloads(app, place) {
  const { t, api } = app;
  const link = (/** @type {string} */ path, /** @type {string} */ words) =>
    el("a", { class: "button", href: api.url(`${place}/${path}`), download: "" }, words);
  return el("section", { class: "card", "aria-labelledby": "session-downloads" },
    el("h2", { id: "session-downloads" }, t("To take along")),
    el("div", { class: "actions" }, link("report.pdf", t("Report (PDF)")), link("csv", t("All signals (CSV)")),
      link("blackbox", t("Black box (MCAP)"))));
}

/** @param {App} app @param {any[]} all */
function events(app, all) {
  const { t, format } = app;
  const kinds = /** @type {Record<string, string>} */ ({
    state: t("state"), trip: t("trip"), alarm: t("alarm"), inhibit: t("inhibited"), clear: t("cleared"),
    operator: t("pressed"), link: t("link"), program: t("program"), loop: t("control loop"), warning: t("warning"), preflight: t("check before the start"),
  });
  return el("section", { class: "card", "aria-labelledby": "session-events" },
    el("h2", { id: "session-events" }, t("Events")),
    all.length === 0 ? el("p", null, t("None was recorded.")) : null,
    el("ol", { class: "events" }, all.map((event) => el("li", { dataset: { kind: event.kind } },
      el("span", { class: "when" }, format.duration(event.t_s)), el("span", { class: "kind" }, kinds[event.kind] ?? event.kind),
      el("span", null, eventWords(event))))));
}
