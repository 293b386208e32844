// @ts-check
/** Words for what the controller names. */

import * as format from "./format.js";
import { t, told } from "./texts.js";

/** @param {string} state the operating state @param {string} words as the controller says it */
export function stateWords(state, words) {
  return state === "" ? "" : told(words);
}

/**
 * What the table is doing, with where to and how long still: to be read from two metres.
 * @param {any} state @param {any} setup
 */
export function headline(state, setup) {
  const segment = setup.segments[state.segment_index];
  if (segment === undefined || !state.state.startsWith("session_")) return stateWords(state.state, state.words);
  const next_s = setup.segments[state.segment_index + 1]?.starts_s ?? setup.program_s;
  const left = format.duration(Math.max(next_s - state.progress * setup.program_s, 0));
  const angle = format.angle(segment.to_deg, Number.isInteger(segment.to_deg) ? 0 : 1);
  return state.state === "session_holding"
    ? t("HOLDING {angle}, {left} left", { angle, left }) : t("MOVING to {angle}, {left} left", { angle, left });
}

/** The names of what the board measures. @returns {Record<string, string>} */
export const signals = () => ({
  encoder_deg: t("Encoder"),
  inclinometer_deg: t("Inclinometer"),
  hand_switch: t("Hand switch"),
  ankle_latch: t("Ankle latch"),
  emergency_stop: t("Emergency stop"),
  brake: t("Brake"),
  bus_v: t("Supply"),
  current_a: t("Motor current"),
  motor_temperature_c: t("Motor"),
  drive_temperature_c: t("Drive"),
});

/** What a switch or the brake is. @param {string} name @param {string} value */
export function contact(name, value) {
  if (name === "emergency_stop" && value === "released") return t("not pressed");
  return {
    held: t("held"), released: t("let go"), locked: t("locked"), open: t("open"), pressed: t("pressed"),
    closed: t("closed"), contradictory: t("contradictory"),
  }[value] ?? value;
}

/** Counters of the link that are worth a look when they grow. @returns {Record<string, string>} */
export const linkCounters = () => ({
  lost_frames: t("Frames lost"),
  corrupted_frames: t("Frames corrupted"),
  late_frames: t("Frames late"),
  host_stalls: t("Host stalled"),
  reconnections: t("Port opened anew"),
  board_reboots: t("Board restarted"),
  rejected_commands: t("Commands refused"),
});

/** How a session ended. @param {string} outcome */
export function outcome(outcome) {
  return {
    completed: t("Session completed, rider upright"), returned: t("Session ended early, rider upright"),
    emergency_returned: t("Emergency return, rider upright"), stopped: t("Session stopped"),
    refused: t("Session refused"),
  }[outcome] ?? outcome;
}

/** @param {"HIGH" | "MEDIUM" | "LOW"} priority */
export function priorityText(priority) {
  return { HIGH: t("high priority"), MEDIUM: t("medium priority"), LOW: t("low priority") }[priority];
}

const ALARM = /^(low|medium|high) priority: (?:([\w-]+): )?(.*)$/s;
const TRIP = /^([A-Z_]+) by ([\w-]+): (.*)$/s;
const NAMED = /^([\w-]+): (.*)$/s;

/** The monitor that an event is of; empty for none. @param {any} event */
export function monitorOf({ kind, text, monitor }) {
  return monitor ?? (kind === "alarm" ? ALARM.exec(text)?.[2] : kind === "inhibit" ? NAMED.exec(text)?.[1] : "") ?? "";
}

/** An event of a session in words: its parts are translated one by one. @param {any} event */
export function eventWords({ kind, text }) {
  const alarm = kind === "alarm" ? ALARM.exec(text) : null;
  if (alarm !== null) {
    const priority = priorityText(/** @type {"LOW"} */ (alarm[1].toUpperCase()));
    return alarm[2] === undefined ? `${priority}: ${told(alarm[3])}` : `${priority}: ${alarm[2]}: ${causeAndInstruction(alarm[3])}`;
  }
  const trip = kind === "trip" ? TRIP.exec(text) : null;
  if (trip !== null) return `${trip[2]}: ${told(trip[3])} (${told(trip[1].toLowerCase().replaceAll("_", " "))})`;
  const named = kind === "inhibit" ? NAMED.exec(text) : null;
  if (named !== null) return `${named[1]}: ${told(named[2])}`;
  return told(kind === "state" ? text.replaceAll("_", " ") : text);
}

/** @param {string} text such as "supply at 18 V. The rider is brought upright." */
function causeAndInstruction(text) {
  const end = text.indexOf(". ");
  return end === -1 ? told(text) : `${told(text.slice(0, end))}. ${told(text.slice(end + 2))}`;
}
