// @ts-check
/** Words for what the controller names. */

import { t, told } from "./texts.js";

/** @param {string} state the operating state @param {string} words as the controller says it */
export function stateWords(state, words) {
  return state === "" ? "" : told(words);
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

/** What a switch or the brake is. @param {string} value */
export function contact(value) {
  return {
    held: t("held"), released: t("released"), locked: t("locked"), open: t("open"), pressed: t("pressed"),
    closed: t("closed"), contradictory: t("contradictory"),
  }[value] ?? value;
}
