// @ts-check
/** Wires page and connection together: nothing here decides anything about the table. */

import { Banner } from "./alarms.js";
import { ApiError, api, whenUnknown } from "./api.js";
import { Connection } from "./connection.js";
import { draftsAreOf, write } from "./dom.js";
import * as format from "./format.js";
import { listenToKeys } from "./keys.js";
import { Lock } from "./lock.js";
import { ROLES, Router } from "./router.js";
import * as settings from "./settings.js";
import { Sound } from "./sound.js";
import { loadLanguage, t, tn, told } from "./texts.js";
import { Hint, ask } from "./ui.js";
import { stateWords } from "./words.js";

const CHECK_AGE_MS = 50;
/** A touch that wakes the screen, or brings this page to the front, presses nothing but STOP and RETURN UPRIGHT. */
const AWAKE_MS = 500;
/** So long a page that is opened waits for who is there. */
const ASKING_MS = 2000;
/** A page that shows no present from the start says so after so long. */
const OPENING_MS = 2000;
/** What the panel answers whose records cannot be used; it is asked again after so long. */
const NO_RECORDS = [409, 503];
const AGAIN_MS = 3000;
const CHART_PERIOD_S = 0.5;
const CHART_S = 300;

/** @template {HTMLElement} T @param {string} id @returns {T} */
function byId(id) {
  return /** @type {T} */ (document.getElementById(id));
}

/** @param {string} selector @returns {HTMLElement} */
function within(selector) {
  return /** @type {HTMLElement} */ (document.querySelector(selector));
}

/** @type {any} */
let setup = null;
/** @type {any} */
let state = null;
/** @type {[number, number | null, number | null][]} */
let chart = [];
/** @type {import("./app.js").Me | null} */
let me = null;
/** @type {Set<(state: any, setup: any) => void>} */
const watchers = new Set();
let awakeSince_ms = performance.now();
/** The touch that is down, or was, began while nothing was to be pressed: it presses nothing when it ends either. */
let tooEarly = false;
const opened_ms = performance.now();
/** Names the keys of STOP and RETURN UPRIGHT. */
let nameKeys = () => {};
let askedAgain = 0;
let losses = 0;
let wasStale = true;

settings.apply();
const hint = new Hint(byId("hint"));
const sound = new Sound();
const connection = new Connection(take, answered, () => void refreshMe());
const banner = new Banner(byId("alarms"), sound, press);

/** @type {import("./app.js").App} */
const app = {
  api, t, tn, told, format, sound, ask, press,
  units: format.units,
  measure: format.measure,
  me: () => me,
  may: (role) => me === null || me.open || ROLES.indexOf(me.person?.role ?? "rider") >= ROLES.indexOf(role),
  refreshMe,
  state: () => (fits() ? state : null),
  setup: () => setup,
  chart: () => chart,
  stale: () => connection.stale(),
  awake,
  onState(fn) {
    watchers.add(fn);
    if (fits()) fn(state, setup);
    return () => watchers.delete(fn);
  },
  clean: () => lock.clean(me),
  confirm: (check, yes) => press("confirm", { kind: "confirm", check, yes }),
  hold: (direction, ended) => connection.hold(direction, ended),
  go: (hash) => { location.hash = hash; },
  hint: (text, bad) => hint.show(text, bad),
};
const lock = new Lock(byId("cover"), refreshMe);
const router = new Router(app, {
  root: byId("place"), title: byId("title"), nav: byId("nav"), menu: byId("menu"),
});

function label() {
  write(byId("badge"), t("SIMULATION"));
  write(byId("alarms-title"), t("Alarms"));
  byId("nav").setAttribute("aria-label", t("Pages"));
  write(within("#stop .label"), t("STOP"));
  write(within("#return .label"), t("RETURN UPRIGHT"));
  write(within("#start .label"), t("START …"));
  write(within("#overlay .what"), t("NO CURRENT DATA"));
  write(within("#overlay .then"), t(
    "What is shown is old. Without the controller a table board brings the rider upright by itself; another drive stops. STOP " +
    "and RETURN UPRIGHT below still try every way there is. If the table stands, release the brake by hand; otherwise use the " +
    "hard-wired emergency stop at the table."));
  hint.rest();
  nameKeys();
}

/** The state belongs to the setup that is at hand. */
function fits() {
  return state !== null && setup !== null && setup.session === state.session;
}

/** @param {any} message */
function take(message) {
  if (message.kind === "setup") {
    setup = { ...message.setup, session: message.session };
    chart = message.chart;
    byId("badge").hidden = !setup.simulated;
    return;
  }
  state = message;
  if (!fits()) return;
  keepChart();
  banner.show(state);
  const bad = !state.link_ok || state.problem !== "";
  byId("link").classList.toggle("bad", bad);
  write(within("#link .text"), bad ? told(state.problem || state.link) : t("link"));
  write(within("#live .angle"), format.angle(state.angle_deg));
  write(within("#live .words"), stateWords(state.state, state.words));
  for (const watcher of watchers) watcher(state, setup);
}

function keepChart() {
  if (state.now_s - (chart.at(-1)?.[0] ?? -Infinity) < CHART_PERIOD_S) return;
  chart.push([state.now_s, state.angle_deg, state.target_deg]);
  while (chart.length && state.now_s - chart[0][0] > CHART_S) chart.shift();
}

/** @param {string} name @param {Record<string, unknown>} [more] */
function press(name, more) {
  const always = name === "stop" || name === "return_upright";
  if (always || (awake() && !connection.stale())) connection.press(name, more);
}

/** @param {string} name @param {{ok: boolean, error?: string} | null} answer */
function answered(name, answer) {
  const sent = { stop: t("STOP sent"), return_upright: t("RETURN UPRIGHT sent"), start: t("Start sent") };
  if (answer === null) hint.show(t("No answer. Use the hard-wired emergency stop at the table."), true);
  else if (!answer.ok) hint.show(told(answer.error ?? ""), true);
  else hint.show(sent[/** @type {"stop"} */ (name)] ?? "");
}

/** Records that cannot be used are said so, on every route, and asked for until they can. @param {string} problem */
function notice(problem) {
  const place = byId("notice");
  place.hidden = problem === "";
  if (place.hidden) return;
  write(place, t("The records cannot be used. The table, its alarms, STOP and RETURN UPRIGHT work; nothing else does until this is mended: {problem}", { problem }));
  clearTimeout(askedAgain);
  askedAgain = setTimeout(() => void refreshMe(), AGAIN_MS);
}

async function refreshMe() {
  const before = me;
  const unknown = !byId("notice").hidden;
  try {
    me = await api.get("me");
    notice("");
  } catch (error) {
    if (error instanceof ApiError && NO_RECORDS.includes(error.status)) notice(error.message);
    if (!(error instanceof ApiError) || error.status !== 404) return; // the last answer holds
    me = { person: null, open: true, locked: false, roles: [], simulated: false };
  }
  if (me?.open || me?.person) draftsAreOf(String(me.person?.id ?? "open"));
  const same = before?.person?.id === me?.person?.id && before?.open === me?.open;
  if ((before !== null || unknown) && !same) connection.reopen();
  lock.show(me);
  byId("lock").hidden = lock.covers || me === null || me.open;
  write(byId("lock"), t("Lock"));
  if (router.started && !same) await router.show();
}

function watchAge() {
  const stale = connection.stale();
  if (stale && !wasStale) losses += 1;
  if (stale) banner.silence();
  if (stale !== wasStale) {
    document.body.classList.toggle("stale", stale);
    const count = tn("Lost once since this page was opened.", "Lost {count} times since this page was opened.", losses);
    write(within("#overlay .count"), losses === 0 ? "" : count);
    if (!stale) reconnected();
  }
  byId("overlay").hidden = !stale || (losses === 0 && performance.now() - opened_ms < OPENING_MS);
  wasStale = stale;
  hint.age();
}

/** What could not be asked or loaded meanwhile is asked and loaded now. */
function reconnected() {
  if (router.failed) void router.show();
  if (me === null || losses > 0) void refreshMe();
}

function awake() {
  return document.visibilityState === "visible" && performance.now() - awakeSince_ms > AWAKE_MS;
}

/** What a waking touch would press is not pressed. @param {Event} event */
function swallowWaking(event) {
  const at = event.target;
  const within = (/** @type {string} */ selector) => at instanceof Element && at.closest(selector) !== null;
  const asleep = !awake() || lock.cleaning;
  if (event instanceof PointerEvent && event.type === "pointerdown" && event.isPrimary) tooEarly = asleep;
  const ends = tooEarly && event instanceof UIEvent && event.type === "click" && event.detail > 0; // not by keyboard
  if (within("#stop, #return") || !(asleep || ends)) return;
  event.preventDefault();
  event.stopPropagation();
}

function listen() {
  for (const [id, name] of [["stop", "stop"], ["return", "return_upright"]]) {
    // On the way down, without a question, whatever else the page is doing.
    byId(id).addEventListener("pointerdown", () => press(name));
    byId(id).addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.repeat) press(name);
    });
  }
  nameKeys = listenToKeys(press, { stop: within("#stop kbd"), return_upright: within("#return kbd") });
  for (const kind of ["pointerdown", "click"]) addEventListener(kind, swallowWaking, { capture: true });
  document.addEventListener("visibilitychange", () => { awakeSince_ms = performance.now(); });
  addEventListener("focus", (event) => {
    if (event.target === window) awakeSince_ms = performance.now();
  });
  whenUnknown(() => void refreshMe());
  byId("lock").addEventListener("click", () => {
    api.post("lock").then(refreshMe).catch((error) => hint.show(error.message, true));
  });
  let { language, units } = settings.get();
  settings.onChange(async (now) => {
    if (now.language === language && now.units === units) return;
    ({ language, units } = now);
    await loadLanguage(language);
    label();
    await router.show();
  });
}

/** What lies above the footer knows where it begins. */
function measureFooter() {
  const footer = within("footer");
  new ResizeObserver(() => {
    document.documentElement.style.setProperty("--footer", `${footer.offsetHeight}px`);
  }).observe(footer);
}

// STOP first: it waits for no language and for nobody's name.
label();
listen();
measureFooter();
setInterval(watchAge, CHECK_AGE_MS);
await loadLanguage(settings.get().language);
label();
// A panel that hangs must not keep the session off the screen; what a person may not see, it does not send.
await Promise.race([refreshMe(), new Promise((resolve) => setTimeout(resolve, ASKING_MS))]);
await router.show();
