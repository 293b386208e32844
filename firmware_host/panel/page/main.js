// @ts-check
/** Wires page and connection together: nothing here decides anything about the table. */

import { Chart, Timeline } from "./charts.js";
import { Connection } from "./connection.js";
import { Picture } from "./picture.js";
import { Sound } from "./sound.js";
import { TEXTS } from "./texts.js";

const CHECK_AGE_MS = 50;
/** A touch that wakes the screen, or brings this page to the front, presses nothing but STOP and RETURN UPRIGHT. */
const AWAKE_MS = 500;
const HINT_MS = 4000;

/** @template {HTMLElement} T @param {string} id @returns {T} */
function byId(id) {
  return /** @type {T} */ (document.getElementById(id));
}

/** @param {string} selector @returns {HTMLElement} */
function within(selector) {
  return /** @type {HTMLElement} */ (document.querySelector(selector));
}

/** Write only what changed: the browser then has nothing to do. @param {Element} element @param {string} text */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const picture = new Picture(/** @type {any} */ (document.getElementById("table")));
const timeline = new Timeline(byId("timeline"));
const chart = new Chart(byId("chart"));
const sound = new Sound();
/** @type {HTMLDialogElement} */
const beforeStart = byId("before-start");
/** @type {any} */
let setup = null;
/** @type {any} */
let state = null;
let awakeSince_ms = performance.now();
let hintUntil_ms = 0;

const connection = new Connection(take, answered);

function label() {
  for (const [id, text] of /** @type {[string, string][]} */ ([
    ["picture-title", TEXTS.pictureTitle], ["angle-name", TEXTS.angle], ["rate-name", TEXTS.rate],
    ["inverted-name", TEXTS.inverted], ["time-title", TEXTS.program], ["chart-title", TEXTS.chart],
    ["machine-title", TEXTS.machine], ["alarms-title", TEXTS.alarmsTitle], ["before-start-title", TEXTS.beforeStart],
    ["start-now", TEXTS.startNow], ["not-yet", TEXTS.notYet], ["next", TEXTS.next],
    ["badge", TEXTS.simulation],
  ])) {
    write(byId(id), text);
  }
  write(within("#stop .label"), TEXTS.stop);
  write(within("#return .label"), TEXTS.returnUpright);
  write(within("#start .label"), TEXTS.start);
  write(within("#overlay .what"), TEXTS.stale);
  write(within("#overlay .then"), TEXTS.staleThen);
  write(byId("hint"), TEXTS.emergencyStop);
}

/** @param {any} message */
function take(message) {
  if (message.kind === "setup") {
    setup = { ...message.setup, session: message.session };
    picture.begin(setup);
    chart.begin(message.chart);
    write(byId("program"), setup.program);
    write(byId("people"), `${setup.rider} · ${setup.table}`);
    byId("badge").hidden = !setup.simulated;
    return;
  }
  state = message;
  if (setup === null || setup.session !== state.session) return;
  show();
}

function show() {
  picture.show(state);
  write(byId("angle"), state.angle_deg === null ? TEXTS.unknown : signed(state.angle_deg));
  write(byId("rate"), state.rate_dps === null ? TEXTS.unknown : signed(state.rate_dps));
  write(byId("state"), state.words);
  write(byId("step"), state.step);
  byId("numbers").dataset.state = state.state.split("_")[0];
  showInverted();
  timeline.show(setup, state);
  chart.show(setup, state);
  showLink();
  showMachine();
  showAlarms();
  showResult();
  byId("start").hidden = state.state !== "boarding_ready" || !checkedByMachine();
  if (state.state !== "boarding_ready" && beforeStart.open) beforeStart.close();
  if (beforeStart.open) showChecks();
}

/** @param {number} value */
function signed(value) {
  const text = Math.abs(value).toFixed(1);
  return text === "0.0" ? text : (value < 0 ? "−" : "+") + text;
}

function showInverted() {
  const share = setup.allowance_s > 0 ? state.inverted_s / setup.allowance_s : 1;
  /** @type {HTMLProgressElement} */ (byId("inverted-meter")).value = Math.min(share, 1);
  byId("inverted").classList.toggle("over", share > 1);
  const text = `${Math.floor(state.inverted_s)} ${TEXTS.of} ${Math.round(setup.allowance_s)} ${TEXTS.seconds}`;
  write(byId("inverted-text"), text);
}

function showLink() {
  byId("link").classList.toggle("bad", !state.link_ok);
  write(within("#link .text"), state.problem || state.link);
}

function showMachine() {
  const shown = state.machine ?? {};
  const rows = Object.entries(TEXTS.signals).map(([name, text]) => {
    const value = shown[name] ?? null;
    const lost = name.endsWith("_deg") && state.lost_sensors.includes(name.slice(0, -4));
    return { text, value: lost ? TEXTS.lost : quantity(name, value), bad: lost || isBad(name, value) };
  });
  const list = byId("signals");
  if (list.children.length !== rows.length) {
    list.replaceChildren(...rows.map(() => {
      const row = document.createElement("div");
      row.append(document.createElement("dt"), document.createElement("dd"));
      return row;
    }));
  }
  for (const [index, row] of rows.entries()) {
    const element = list.children[index];
    write(element.children[0], row.text);
    write(element.children[1], row.value);
    element.classList.toggle("bad", row.bad);
  }
}

/** @param {string} name @param {any} value */
function isBad(name, value) {
  return value === null || value === "contradictory" || (name === "emergency_stop" && value === "pressed") ||
    (name === "ankle_latch" && value === "open");
}

/** @param {string} name @param {any} value */
function quantity(name, value) {
  if (value === null) return TEXTS.unknown;
  if (typeof value === "string") return value;
  const unit = { deg: "°", v: " V", a: " A", c: " °C" }[/** @type {"deg"} */ (name.split("_").at(-1))];
  return signed(value).replace("+", "") + unit;
}

function showAlarms() {
  const urgent = state.alarms.filter((/** @type {any} */ one) => one.priority !== "LOW");
  const first = urgent[0] ?? state.alarms[0];
  const section = byId("alarms");
  section.hidden = first === undefined;
  sound.show(state.sounding);
  if (first === undefined) return;
  section.dataset.priority = first.priority;
  section.classList.toggle("seen", first.acknowledged);
  write(within("#alarms .lamp span"), TEXTS.priority[/** @type {"HIGH"} */ (first.priority)]);
  write(within("#alarms .instruction"), first.instruction);
  write(within("#alarms .cause"), first.cause === "" ? "" : `${first.id}: ${first.cause}`);
  write(within("#alarms .more"), state.alarms.length > 1 ? TEXTS.more(state.alarms.length - 1) : "");
  const latched = first.priority !== "LOW" || state.alarms.some((/** @type {any} */ one) => !one.present);
  /** @type {HTMLButtonElement} */
  const seen = byId("acknowledge");
  seen.hidden = !latched;
  write(seen, first.acknowledged ? TEXTS.acknowledged : TEXTS.acknowledge);
  /** @type {HTMLButtonElement} */
  const pause = byId("pause");
  pause.hidden = state.sounding === null && state.audio_pause_left_s <= 0;
  pause.disabled = state.audio_pause_left_s > 0;
  const silent = sound.allowed() ? TEXTS.pauseAudio : TEXTS.noSound;
  write(pause, state.audio_pause_left_s > 0 ? TEXTS.audioPaused(state.audio_pause_left_s) : silent);
}

function showResult() {
  byId("result").hidden = state.outcome === null;
  if (state.outcome === null) return;
  write(byId("result-title"), TEXTS.results[/** @type {"completed"} */ (state.outcome.name)]);
  write(byId("reason"), state.outcome.name === "completed" ? "" : state.outcome.reason);
}

/** What is left of the pre-flight check is for the operator to say. */
function checkedByMachine() {
  const { needed, checks } = state.preflight;
  return !needed || checks.every((/** @type {any} */ one) => one.kind === "operator" || one.state === "ok");
}

/** @returns {string[]} what the operator confirms by starting after the question */
function confirmed() {
  const people = state.preflight.checks.filter((/** @type {any} */ one) => one.kind === "operator");
  return people.map((/** @type {any} */ one) => one.id);
}

function showChecks() {
  const list = byId("checks");
  const machine = state.machine ?? {};
  const good = { ankle_latch: "locked", hand_switch: "held", emergency_stop: "released" };
  const rows = Object.entries(good).map(([name, wanted]) => {
    const [yes, no] = TEXTS.checks[/** @type {"hand_switch"} */ (name)];
    return machine[name] === wanted ? { text: yes, kind: "yes" } : { text: no, kind: "no" };
  });
  const { needed, checks } = state.preflight;
  const people = checks.filter((/** @type {any} */ one) => needed && one.kind === "operator");
  rows.push(...people.map((/** @type {any} */ one) => ({ text: one.text, kind: "look" })));
  rows.push({ text: TEXTS.checkPeople, kind: "look" });
  while (list.children.length < rows.length) list.append(document.createElement("li"));
  while (list.children.length > rows.length) list.lastElementChild?.remove();
  for (const [index, row] of rows.entries()) {
    write(list.children[index], row.text);
    list.children[index].className = row.kind;
  }
}

/** @param {string} name @param {{ok: boolean, error?: string} | null} answer */
function answered(name, answer) {
  if (answer === null) hint(TEXTS.noAnswer, true);
  else if (!answer.ok) hint(answer.error ?? "", true);
  else hint(TEXTS.sent[/** @type {"stop"} */ (name)] ?? "", false);
}

/** @param {string} text @param {boolean} bad */
function hint(text, bad) {
  if (text === "") return;
  hintUntil_ms = performance.now() + HINT_MS;
  byId("hint").classList.toggle("bad", bad);
  write(byId("hint"), text);
}

function watchAge() {
  const stale = connection.stale();
  document.body.classList.toggle("stale", stale);
  byId("overlay").hidden = !stale;
  if (stale && beforeStart.open) beforeStart.close();
  if (stale) sound.show(null);
  if (hintUntil_ms !== 0 && performance.now() > hintUntil_ms) {
    hintUntil_ms = 0;
    byId("hint").classList.remove("bad");
    write(byId("hint"), TEXTS.emergencyStop);
  }
}

function awake() {
  return document.visibilityState === "visible" && performance.now() - awakeSince_ms > AWAKE_MS;
}

/** @param {string} id @param {() => void} action */
function onClick(id, action) {
  byId(id).addEventListener("click", () => {
    if (awake() && !connection.stale()) action();
  });
}

function listen() {
  for (const [id, name] of [["stop", "stop"], ["return", "return_upright"]]) {
    // On the way down, without a question, whatever else the page is doing.
    byId(id).addEventListener("pointerdown", () => connection.press(name));
    byId(id).addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.repeat) connection.press(name);
    });
  }
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const name = { " ": "stop", u: "return_upright", U: "return_upright" }[event.key];
    if (name === undefined) return;
    event.preventDefault(); // the space bar presses no button but STOP
    if (!event.repeat) connection.press(name);
  }, { capture: true });
  addEventListener("keyup", (event) => {
    if (event.key === " ") event.preventDefault();
  }, { capture: true });
  onClick("start", () => {
    showChecks();
    if (!beforeStart.open) beforeStart.show();
    byId("not-yet").focus();
  });
  onClick("start-now", () => {
    beforeStart.close();
    connection.press("start", state.preflight.needed ? confirmed() : []);
  });
  onClick("not-yet", () => beforeStart.close());
  onClick("acknowledge", () => connection.press("acknowledge"));
  onClick("pause", () => {
    if (sound.allowed()) connection.press("pause_audio");
  });
  onClick("next", () => connection.press("next"));
  document.addEventListener("visibilitychange", () => { awakeSince_ms = performance.now(); });
  addEventListener("focus", (event) => {
    if (event.target === window) awakeSince_ms = performance.now();
  });
}

label();
listen();
setInterval(watchAge, CHECK_AGE_MS);
