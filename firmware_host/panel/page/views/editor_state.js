// @ts-check
/** What the editor holds: a program as text or as document, whichever was edited last, with undo and redo. */

const TYPING_MS = 1500;
const MOST_BACK = 200;

/**
 * @typedef {object} Held
 * @property {any} document null where the text cannot be read as one
 * @property {string | null} text null until the panel has written the document down
 * @property {"text" | "document"} edited what was edited last, and counts
 *
 * @typedef {Held & {version: number | null}} Kept
 */

export class EditorState {
  /** @param {string} key of the draft @param {Held} held @param {number | null} version that it was made from */
  constructor(key, held, version) {
    this._key = `righting.draft.${key}`;
    this.version = version;
    this.held = held;
    /** @type {Held[]} */
    this._back = [];
    /** @type {Held[]} */
    this._forth = [];
    this._typing = { key: "", at_ms: -Infinity };
    this.changed = false;
    const kept = sessionStorage.getItem(this._key);
    if (kept === null) return;
    /** @type {Kept} */
    const draft = JSON.parse(kept);
    this.held = { document: draft.document, text: draft.text, edited: draft.edited };
    this.version = draft.version;
    this.changed = true;
  }

  /** Begin a change: what is held now can be had back. @param {string} key of what is typed into; empty for a change by itself */
  begin(key) {
    const now_ms = performance.now();
    const goesOn = key !== "" && key === this._typing.key && now_ms - this._typing.at_ms < TYPING_MS;
    this._typing = { key, at_ms: now_ms };
    this._forth = [];
    if (!goesOn) this._back = [...this._back, structuredClone(this.held)].slice(-MOST_BACK);
  }

  /** A change is done. */
  keep() {
    this.changed = true;
    sessionStorage.setItem(this._key, JSON.stringify({ ...this.held, version: this.version }));
  }

  get canUndo() {
    return this._back.length > 0;
  }

  get canRedo() {
    return this._forth.length > 0;
  }

  undo() {
    this._travel(this._back, this._forth);
  }

  redo() {
    this._travel(this._forth, this._back);
  }

  /** @param {Held[]} from @param {Held[]} to */
  _travel(from, to) {
    const there = from.pop();
    if (there === undefined) return;
    to.push(structuredClone(this.held));
    this.held = there;
    this._typing.key = "";
    this.keep();
  }

  /** It is saved, or given up. @param {Held} held @param {number | null} version */
  settle(held, version) {
    this.held = held;
    this.version = version;
    this.forget();
  }

  forget() {
    this.changed = false;
    sessionStorage.removeItem(this._key);
  }
}
