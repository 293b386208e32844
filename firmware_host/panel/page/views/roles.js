// @ts-check
/** What the roles are called, and what each may do. */

import { t } from "../texts.js";

/** @returns {[string, string, string][]} name, word, and what this role may do; each also what those before it may */
export const roles = () => [
  ["rider", t("Rider"), t("sees the session")],
  ["operator", t("Operator"), t("starts sessions, chooses riders and programs, writes programs")],
  ["clinician", t("Clinician"), t("writes clearances, reads the audit log")],
  ["service", t("Service"), t("sets up tables, people and tokens")],
];

/** @param {string} role */
export function roleWord(role) {
  return roles().find(([name]) => name === role)?.[1] ?? role;
}

/** Choices of a select. @returns {[string, string][]} */
export function roleOptions() {
  return roles().map(([name, word]) => [name, word]);
}
