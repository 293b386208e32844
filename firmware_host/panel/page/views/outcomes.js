// @ts-check
/** How a session ended, in words. */

import { t } from "../texts.js";

/** Outcomes and what is said of them, best first. @returns {Record<string, string>} */
export const outcomes = () => ({
  completed: t("Completed"),
  returned: t("Brought upright early"),
  emergency_returned: t("Emergency return"),
  stopped: t("Stopped"),
  refused: t("Not started"),
});

/** @param {string} outcome */
export function outcomeWords(outcome) {
  return outcomes()[outcome] ?? outcome;
}

/** Whether it ended as planned. @param {string} outcome */
export function good(outcome) {
  return outcome === "completed";
}
