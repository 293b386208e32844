// @ts-check
/** What a person sets on this screen, for this screen: kept in the browser, known to nobody else. */

const KEY = "righting.settings";
/** An alarm that nobody can hear is none: the sound cannot be set lower. */
export const QUIETEST = 0.3;

/**
 * @typedef {{
 *   theme: "system" | "light" | "dark", large: boolean, leftHanded: boolean, units: "metric" | "us",
 *   language: "" | "en" | "de", volume: number,
 * }} Settings `language` is empty where the browser's own is wanted; `volume` is a share of the loudest.
 */

/** @type {Settings} */
const FIRST = { theme: "system", large: false, leftHanded: false, units: "metric", language: "", volume: 0.7 };
/** @type {Record<string, readonly unknown[]>} */
const ALLOWED = {
  theme: ["system", "light", "dark"], large: [false, true], leftHanded: [false, true], units: ["metric", "us"],
  language: ["", "en", "de"],
};

/** @type {Set<(settings: Settings) => void>} */
const listeners = new Set();
let settings = read();

/** @returns {Settings} */
function read() {
  /** @type {any} */
  let kept = null;
  try {
    kept = JSON.parse(localStorage.getItem(KEY) ?? "null");
  } catch {
    // Storage is closed to this page, or holds what is no JSON: the first settings are good ones.
  }
  return sound({ ...FIRST, ...(kept !== null && typeof kept === "object" ? kept : {}) });
}

/** Take what is understood, and the first setting for the rest. @param {any} wanted @returns {Settings} */
function sound(wanted) {
  const volume = typeof wanted.volume === "number" && Number.isFinite(wanted.volume) ? wanted.volume : FIRST.volume;
  /** @type {any} */
  const made = { volume: Math.min(Math.max(volume, QUIETEST), 1) };
  for (const [name, values] of Object.entries(ALLOWED)) {
    made[name] = values.includes(wanted[name]) ? wanted[name] : FIRST[/** @type {"theme"} */ (name)];
  }
  return made;
}

/** @returns {Settings} */
export function get() {
  return settings;
}

/** @param {Partial<Settings>} changes */
export function change(changes) {
  settings = sound({ ...settings, ...changes });
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // They hold until the page is left.
  }
  apply();
  for (const listener of listeners) listener(settings);
}

/** Show the page as it is set. */
export function apply() {
  const root = document.documentElement;
  root.dataset.theme = settings.theme;
  root.classList.toggle("large", settings.large);
  root.classList.toggle("left-handed", settings.leftHanded);
}

/** @param {(settings: Settings) => void} listener @returns {() => void} that ends it */
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
