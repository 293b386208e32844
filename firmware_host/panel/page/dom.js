// @ts-check
/** Making elements, and forms that lose nothing that was typed. */

import { t } from "./texts.js";

/** @typedef {Node | string | number | null | undefined | false} Child nothing is made of null, undefined and false */

/**
 * Make an element. A property with a function becomes a listener (`onclick`), `class` and names with a dash become
 * attributes, `dataset` is taken apart, anything else is set as a property where there is one, else as an attribute.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any> | null} [properties]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, properties, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) set(made, name, value);
  add(made, ...children);
  return made;
}

/** @param {HTMLElement} element @param {string} name @param {any} value */
function set(element, name, value) {
  if (value === null || value === undefined) return;
  if (typeof value === "function" && name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "dataset") Object.assign(element.dataset, value);
  else if (name === "class" || name.includes("-") || !(name in element)) {
    if (value !== false) element.setAttribute(name, value === true ? "" : String(value));
  } else if (name === "list" || name === "form") element.setAttribute(name, String(value));
  else /** @type {any} */ (element)[name] = value;
}

/** @param {Element} parent @param {...(Child | Child[])} children */
export function add(parent, ...children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(typeof child === "number" ? String(child) : child);
  }
}

/** Write only what changed: the browser then has nothing to do. @param {Element} element @param {string} text */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Write rows of names and values, and make elements only where there are too few. @param {HTMLElement} list @param {[string, string, boolean?][]} rows name, value, and whether it is a bad one */
export function writeRows(list, rows) {
  while (list.children.length > rows.length) list.lastElementChild?.remove();
  while (list.children.length < rows.length) list.append(el("div", null, el("dt"), el("dd")));
  for (const [place, [name, value, bad]] of rows.entries()) {
    const row = list.children[place];
    write(row.children[0], name);
    write(row.children[1], value);
    row.classList.toggle("bad", Boolean(bad));
  }
}

/** Make an element of a drawing. @param {string} name @param {Record<string, string | number>} attributes @param {...(Node | string)} children @returns {SVGElement} */
export function svg(name, attributes, ...children) {
  const made = /** @type {SVGElement} */ (document.createElementNS("http://www.w3.org/2000/svg", name));
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

let made = 0;

/** An id that no other element of this page has. @param {string} name */
function uniqueId(name) {
  made += 1;
  return `${name.replace(/[^\w-]/g, "-")}-${made}`;
}

/**
 * Label, input, unit and the place for what is wrong with it.
 *
 * @param {{
 *   label: string, name: string, type?: string, unit?: string, value?: any, problem?: string, hint?: string,
 *   options?: ([string, string] | string)[], [attribute: string]: any,
 * }} wanted `type` is one of those of input, or "select" (with `options`: value and text), "textarea", "checkbox"
 * @returns {HTMLDivElement}
 */
export function field({ label, name, type = "text", unit, value, problem = "", hint, options, ...attributes }) {
  const id = uniqueId(name);
  const described = [hint ? `${id}-hint` : "", `${id}-problem`].join(" ").trim();
  const common = { id, name, "aria-describedby": described, ...attributes };
  /** @type {HTMLElement} */
  let input;
  if (type === "select") {
    const made = (options ?? []).map((one) => (typeof one === "string" ? [one, one] : one));
    input = el("select", common, made.map(([key, text]) => el("option", { value: key, selected: key === value }, text)));
  } else if (type === "textarea") {
    input = el("textarea", { ...common, value: value ?? "" });
  } else if (type === "checkbox") {
    input = el("input", { ...common, type, checked: Boolean(value) });
  } else {
    input = el("input", { ...common, type, value: value ?? "" });
  }
  const told = el("p", { class: "problem", id: `${id}-problem` }, problem);
  const place = el("div", { class: `field ${type}`, dataset: { field: name } });
  const caption = el("label", { htmlFor: id }, label);
  const row = el("div", { class: "input" }, input, unit ? el("span", { class: "unit" }, unit) : null);
  const after = hint ? el("p", { class: "field-hint", id: `${id}-hint` }, hint) : null;
  add(place, type === "checkbox" ? [el("div", { class: "input" }, input, caption), after, told] : [caption, row, after, told]);
  markField(place, problem);
  return place;
}

/** Write what is wrong beside a field, and leave the focus where it is. @param {Element | null} place @param {string} text */
export function markField(place, text) {
  if (place === null) return;
  const told = place.querySelector(":scope > .problem"); // in a place with fields of their own, not that of the first
  if (told !== null) write(told, text);
  place.classList.toggle("wrong", text !== "");
  const input = place.querySelector("input, select, textarea");
  if (text === "") input?.removeAttribute("aria-invalid");
  else input?.setAttribute("aria-invalid", "true");
}

/**
 * Put each message beside its field, and what belongs to none on top of the form. Nothing typed is touched.
 *
 * @param {HTMLElement} form
 * @param {import("./api.js").Problem[]} problems
 * @param {string} [message] what to do, where no problem says so
 */
export function showProblems(form, problems, message = "") {
  const places = /** @type {HTMLElement[]} */ ([...form.querySelectorAll("[data-field]")]);
  for (const place of places) markField(place, "");
  const homeless = [];
  for (const { field: name, line, text } of problems) {
    const place = name === null ? undefined : places.find((one) => isNamed(one.dataset.field ?? "", name));
    const sentence = line === null || line === undefined ? text : t("Line {line}: {text}", { line, text });
    if (place === undefined) homeless.push(sentence);
    else markField(place, sentence);
  }
  if (problems.length === 0 && message !== "") homeless.push(message);
  let top = form.querySelector(":scope > .problems");
  if (top === null) {
    top = el("div", { class: "problems", role: "alert" });
    form.prepend(top);
  }
  top.replaceChildren(...homeless.map((text) => el("p", null, text)));
  /** @type {HTMLElement | null} */
  const first = form.querySelector("[aria-invalid=true]");
  if (first !== null) first.focus();
  else if (homeless.length > 0) top.scrollIntoView({ block: "nearest" });
}

/** @param {string} own @param {string} named */
function isNamed(own, named) {
  return own === named || named.endsWith(`.${own}`) || own.endsWith(`.${named}`);
}

const DRAFT = "righting.draft.";
const ABOUT_RIDERS = "riders/";
/** Whose the drafts about riders are. */
const OWNER = "righting.drafts-of";
/** This page has heard who is there. */
let ownerKnown = false;

/** Where what is typed is kept under a key. @param {string} key */
export function draftPlace(key) {
  return DRAFT + key;
}

/** What was typed under a key; null for nothing, and while it may be somebody else's: the view is shown anew then. @param {string} key */
export function draftOf(key) {
  return ownerKnown || !key.startsWith(ABOUT_RIDERS) ? sessionStorage.getItem(draftPlace(key)) : null;
}

/**
 * What was typed about riders is for whoever typed it: it goes when somebody else is there.
 * @param {string} who is there; empty for nobody any more
 */
export function draftsAreOf(who) {
  ownerKnown = true;
  if (sessionStorage.getItem(OWNER) === who) return;
  for (const place of Object.keys(sessionStorage)) if (place.startsWith(draftPlace(ABOUT_RIDERS))) sessionStorage.removeItem(place);
  sessionStorage.setItem(OWNER, who);
}

/**
 * Keep what is typed under a key (the route is a good one) until it is sent: a reload, a lost connection, another view or
 * a changed language take nothing away. Call it when the form is complete.
 *
 * @param {HTMLFormElement} form
 * @param {string} key
 * @returns {() => void} that forgets the draft: once it is saved
 */
export function keepDraft(form, key) {
  const place = draftPlace(key);
  restore(form, draftOf(key));
  const keep = () => sessionStorage.setItem(place, JSON.stringify(values(form)));
  form.addEventListener("input", keep);
  form.addEventListener("change", keep);
  return () => sessionStorage.removeItem(place);
}

/** @param {HTMLFormElement} form @param {string | null} kept */
function restore(form, kept) {
  /** @type {Record<string, any>} */
  const found = JSON.parse(kept ?? "{}");
  for (const input of inputs(form)) {
    if (!(input.name in found) || input.type === "password") continue;
    if (input.type === "checkbox") input.checked = found[input.name];
    else if (input.type === "radio") input.checked = found[input.name] === input.value;
    else input.value = found[input.name];
  }
}

/** @param {HTMLFormElement} form @returns {HTMLInputElement[]} selects and areas too: they have name, type and value */
function inputs(form) {
  return /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("input[name], select[name], textarea[name]")]);
}

/** What a form holds, by name; no passwords. @param {HTMLFormElement} form @returns {Record<string, any>} */
export function values(form) {
  /** @type {Record<string, any>} */
  const found = {};
  for (const input of inputs(form)) {
    if (input.type === "checkbox") found[input.name] = input.checked;
    else if (input.type === "radio") found[input.name] = input.checked ? input.value : (found[input.name] ?? null);
    else if (input.type !== "password") found[input.name] = input.value;
  }
  return found;
}
