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
