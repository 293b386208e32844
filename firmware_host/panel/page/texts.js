// @ts-check
/**
 * What the page says. The English text is in the code, inside `t("...")`, and is the key of its translations, which come
 * from firmware_host/panel/texts. What has no translation is said in English: better than nothing beside a table.
 */

import { quantities } from "./format.js";

/** @typedef {{language: string, texts: Record<string, string | string[]>, patterns: [string, string][]}} Catalog */

/** Languages that there are, each by its own name. */
export const LANGUAGES = /** @type {const} */ ([["en", "English"], ["de", "Deutsch"]]);

/** A panel that hangs must not keep the session off the screen. */
const LOADING_MS = 2000;

/** @type {Catalog} */
let catalog = { language: "en", texts: {}, patterns: [] };
/** @type {[RegExp, string][]} */
let patterns = [];

/** @param {string} wanted a language, or empty for the browser's */
export async function loadLanguage(wanted) {
  const known = LANGUAGES.map(([code]) => /** @type {string} */ (code));
  const asked = wanted === "" ? navigator.languages : [wanted];
  const language = asked.map((one) => one.split("-")[0]).find((one) => known.includes(one)) ?? "en";
  catalog = { language: "en", texts: {}, patterns: [] };
  if (language !== "en") {
    try {
      const response = await fetch(`/page/texts/${language}.json`, { signal: AbortSignal.timeout(LOADING_MS) });
      if (response.ok) catalog = await response.json();
    } catch {
      // English until the page is loaded again.
    }
  }
  patterns = catalog.patterns.map(([source, target]) => [new RegExp(`^${source}$`), target]);
  document.documentElement.lang = catalog.language;
}

/** @returns {string} the language spoken */
export function language() {
  return catalog.language;
}

/**
 * @param {string} text in English, with places as {name}
 * @param {Record<string, string | number>} [values]
 */
export function t(text, values) {
  const found = catalog.texts[text];
  return fill(typeof found === "string" ? found : text, values);
}

/**
 * @param {string} one what is said of one
 * @param {string} many of any other number
 * @param {number} count also the place {count}
 * @param {Record<string, string | number>} [values]
 */
export function tn(one, many, count, values) {
  const found = catalog.texts[one];
  const forms = Array.isArray(found) ? found : [one, many];
  return fill(forms[count === 1 ? 0 : 1] ?? many, { count, ...values });
}

/** Say what came over the wire: translated, and with quantities as people here read them. @param {string} text @returns {string} */
export function told(text) {
  return quantities(translated(text));
}

/** A known sentence, one with numbers in it, or several. @param {string} text @returns {string} */
function translated(text) {
  return catalog.language === "en" ? text : (known(text) ?? text);
}

/** @param {string} text @returns {string | null} */
function known(text) {
  const found = catalog.texts[text];
  if (typeof found === "string") return found;
  for (let end = text.indexOf(". "); end !== -1; end = text.indexOf(". ", end + 1)) {
    const first = catalog.texts[text.slice(0, end + 1)];
    if (typeof first === "string") return `${first} ${translated(text.slice(end + 2))}`;
  }
  for (const [pattern, target] of patterns) {
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined) continue;
    return fill(target, Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, translated(value)])));
  }
  return listed(text, "; ", 1) ?? listed(text, ", ", Infinity);
}

/** Several in a row, of which so many have to be known. @param {string} text @param {string} between @param {number} least @returns {string | null} */
function listed(text, between, least) {
  const parts = text.split(between);
  if (parts.length < 2) return null;
  const found = parts.map(known);
  const missing = found.filter((one) => one === null).length;
  return parts.length - missing < Math.min(least, parts.length) ? null : found.map((one, at) => one ?? parts[at]).join(between);
}

/** @param {string} text @param {Record<string, string | number> | undefined} values */
function fill(text, values) {
  if (values === undefined) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
