// @ts-check
/** One program: steps to be touched and the text of the same, with the curve that they make for a rider. */

import { ApiError, said } from "../api.js";
import { el, field, markField, write } from "../dom.js";
import { EditorState } from "./editor_state.js";
import { chosenRider, conflict, download, facts, ownLimits, readNumber, riderChoice } from "./parts.js";
import { ProgramCurve } from "./program_curve.js";
import { StepList, stepPath } from "./steps.js";
import { motionValues, range } from "./steps_model.js";

/** @typedef {import("../app.js").App} App */

const PREVIEW_AFTER_MS = 250;
/** So many refusals are seen at once; the others are a touch away. */
const FIRST_TOLD = 3;
/** What a new program begins as: complete, so that its curve is there at once. @param {string} name */
const fresh = (name) => ({ name, step: [{ do: "go", to_deg: 10 }, { do: "hold", for_s: 30 }] });

class Editor {
  /** @param {HTMLElement} root @param {App} app @param {string} id "new" for one that is not saved yet */
  constructor(root, app, id) {
    this._root = root;
    this._app = app;
    this._id = id;
    this._count = 0;
    /** Grows with each change of the program and of the rider: what was found about an earlier one is not shown. */
    this._edition = 0;
    /** @type {number | undefined} */
    this._timer = undefined;
    /** @type {any} */
    this._shown = null;
    /** @type {any} */
    this._simulated = null;
    /** @type {"steps" | "text"} */
    this._mode = "steps";
    root.append(el("p", { role: "status" }, app.t("Loading …")));
    void this._load();
  }

  close() {
    clearTimeout(this._timer);
    this._count += 1;
    this._curve?.close();
  }

  async _load() {
    const { api, t } = this._app;
    try {
      const program = this._id === "new" ? { built_in: false, document: fresh(t("New program")), text: null, version: null } : await api.get(`programs/${this._id}`);
      this._begin(program);
    } catch (error) {
      this._root.replaceChildren(el("p", { class: "wrong-text", role: "alert" }, said(error)),
        el("p", null, el("a", { href: "#/programs" }, t("All programs"))));
    }
  }

  /** @param {any} program as the panel has it */
  _begin(program) {
    this._program = program;
    const held = { document: program.document, text: program.text, edited: /** @type {"text" | "document"} */ (program.text === null ? "document" : "text") };
    this._state = new EditorState(`programs/${this._id}`, held, program.version);
    if (this._state.held.document === null) this._mode = "text";
    this._build();
    this._draw();
    void this._preview();
  }

  /** The parts that stay while the program changes. */
  _build() {
    const { t } = this._app;
    this._place = el("div", { class: "curve" });
    this._curve?.close();
    this._curve = new ProgramCurve(this._place, (step) => this._openStep(["step", step]));
    this._facts = el("div", { class: "curve-facts" });
    this._wrong = el("div", { class: "wrongs", role: "status" });
    this._try = el("button", { type: "button", onclick: () => void this._simulate() }, t("Try it on the simulator"));
    this._tried = el("div", { class: "tried", role: "status" });
    this._form = el("div", { class: "editor-form" });
    this._undo = el("button", { type: "button", onclick: () => this._travel("undo") }, t("Undo"));
    this._redo = el("button", { type: "button", onclick: () => this._travel("redo") }, t("Redo"));
    this._save = el("button", { type: "button", class: "primary", onclick: () => void this._store() }, this._own() ? t("Save") : t("Save as my own"));
    this._saved = el("p", { class: "quiet-text", role: "status" });
    this._steps = new StepList(el("div", { class: "steps" }), (change, key) => this._edit(change, key));
    this._tabs = el("div", { class: "actions tabs", role: "group", "aria-label": t("How to edit") }, this._tab("steps", t("Steps")), this._tab("text", t("Text")));
    this._root.replaceChildren(el("div", { class: "program-editor" },
      el("section", { class: "card preview", "aria-label": t("Preview") }, this._place, this._wrong, this._facts,
        el("div", { class: "actions" }, this._try), this._tried),
      el("div", { class: "editing" },
        el("div", { class: "actions bar" }, this._save, this._undo, this._redo),
        this._saved, riderChoice(this._app, () => {
          this._outdate();
          void this._preview();
        }), this._tabs, this._form,
        el("div", { class: "actions" }, el("a", { class: "button", href: "#/programs" }, t("All programs")),
          this._id === "new" ? null : download(this._app, `programs/${this._id}/toml`, t("Export what is saved (TOML)")),
          el("button", { type: "button", onclick: () => void this._discard() }, t("Discard changes"))))));
  }

  _own() {
    return !this._program.built_in;
  }

  /** @param {"steps" | "text"} mode @param {string} name */
  _tab(mode, name) {
    return el("button", { type: "button", "aria-pressed": String(this._mode === mode), "data-mode": mode, onclick: () => {
      this._mode = mode;
      this._draw();
      this._mark();
    } }, name);
  }

  /** Everything that can be typed into, anew. */
  _draw() {
    for (const tab of this._tabs.querySelectorAll("button")) tab.setAttribute("aria-pressed", String(tab.dataset.mode === this._mode));
    this._form.replaceChildren(...(this._mode === "text" ? this._textForm() : this._stepsForm()));
    this._tell();
  }

  _textForm() {
    const { t } = this._app;
    const { text } = this._state.held;
    const place = field({ label: t("The program as text (TOML)"), name: "text", type: "textarea", rows: 18, spellcheck: false, autocomplete: "off",
      value: text ?? this._shown?.text ?? "", hint: t("Comments are kept as long as only the text is edited."),
      oninput: (/** @type {Event} */ event) => {
        this._state.begin("text");
        this._state.held = { document: null, text: /** @type {HTMLTextAreaElement} */ (event.target).value, edited: "text" };
        this._changed();
      } });
    return [place];
  }

  _stepsForm() {
    const { t } = this._app;
    const { document } = this._state.held;
    if (document === null || !Array.isArray(document.step ?? [])) {
      return [el("p", { class: "wrong-text" }, t("The text cannot be shown as steps. Correct it under Text; what is wrong is told there."))];
    }
    document.step ??= [];
    this._notice = el("p", { class: "notice" });
    const heading = el("div", { class: "fields" },
      this._value(document, "name", { label: t("Name"), maxlength: 100 }),
      this._value(document, "description", { label: t("Description"), maxlength: 1000 }));
    const { place } = this._steps;
    this._steps.show(document.step);
    return [this._notice, heading, place, this._motion(document), this._limits(document)];
  }

  /** @param {any} document @param {string} name @param {any} more */
  _value(document, name, more) {
    return field({ name, value: document[name] ?? "", autocomplete: "off", "data-key": name, ...more,
      oninput: (/** @type {Event} */ event) => this._edit(() => {
        const { value } = /** @type {HTMLInputElement} */ (event.target);
        if (name === "description" && value === "") delete document[name];
        else document[name] = value;
      }, name) });
  }

  /** @param {any} document @param {string} section @param {string} name @param {any} more */
  _number(document, section, name, more) {
    const key = `${section}.${name}`;
    return field({ name: key, inputmode: "decimal", value: document[section]?.[name] ?? "", autocomplete: "off", "data-key": key, ...more,
      oninput: (/** @type {Event} */ event) => this._edit(() => {
        const value = readNumber(/** @type {HTMLInputElement} */ (event.target).value);
        const { [name]: _, ...others } = document[section] ?? {};
        document[section] = value === null ? others : { ...others, [name]: value };
        if (Object.keys(document[section]).length === 0) delete document[section];
      }, key) });
  }

  /** @param {any} document */
  _motion(document) {
    const { t } = this._app;
    return el("details", { class: "card more", open: document.motion !== undefined }, el("summary", null, t("How it moves where a step says nothing")),
      el("div", { class: "fields" }, motionValues().map((value) => this._number(document, "motion", value.name, {
        label: value.label, unit: value.unit, placeholder: String(value.otherwise), hint: range(value) }))));
  }

  /** @param {any} document */
  _limits(document) {
    const { t } = this._app;
    return el("details", { class: "card more", open: document.limits !== undefined }, el("summary", null, t("Limits of this program, tighter than the rider's")),
      el("div", { class: "fields" }, ownLimits().map(({ name, label, unit, low, high }) => this._number(document, "limits", name, {
        label, unit, hint: t("{low} to {high} {unit}", { low, high, unit }) }))));
  }

  /** Do a change of the document. @param {() => void} change @param {string} key */
  _edit(change, key) {
    const state = this._state;
    state.begin(key);
    change();
    state.held = { document: state.held.document, text: null, edited: "document" };
    if (key === "") this._steps.show(state.held.document.step);
    this._changed();
  }

  /** What was found on the simulator was found about another program, or for another rider. */
  _outdate() {
    this._edition += 1;
    this._simulated = null;
    this._tried.replaceChildren();
  }

  _changed() {
    this._state.keep();
    this._outdate();
    this._saved.textContent = "";
    this._tell();
    clearTimeout(this._timer);
    this._timer = setTimeout(() => void this._preview(), PREVIEW_AFTER_MS);
  }

  /** @param {"undo" | "redo"} way */
  _travel(way) {
    this._state[way]();
    this._outdate();
    this._draw();
    void this._preview();
  }

  /** What can be done now. */
  _tell() {
    const { t, tn } = this._app;
    const state = this._state;
    this._undo.disabled = !state.canUndo;
    this._redo.disabled = !state.canRedo;
    if (state.changed && this._saved.textContent === "") write(this._saved, t("Not saved yet. It is kept on this screen meanwhile."));
    const comments = state.held.edited === "text" ? (this._shown?.comments ?? 0) : 0;
    if (this._notice) write(this._notice, comments === 0 ? "" : tn("The text has {count} comment. A change here drops it; under Text it stays.",
      "The text has {count} comments. A change here drops them; under Text they stay.", comments));
  }

  /** Ask what the program would do; the answer to the newest question counts. */
  async _preview() {
    const { api } = this._app;
    const count = ++this._count;
    const { held } = this._state;
    const source = held.edited === "text" ? { text: held.text } : { document: held.document };
    try {
      const shown = await api.post("programs/preview", { ...source, rider_id: chosenRider() });
      if (count !== this._count) return;
      this._take(shown);
    } catch (error) {
      if (count !== this._count) return;
      const problems = error instanceof ApiError ? error.problems : [];
      this._wrong.replaceChildren(el("p", { class: "wrong-text" }, said(error)), ...problems.map((one) => el("p", null, one.text)));
    }
  }

  /** @param {any} shown */
  _take(shown) {
    const { held } = this._state;
    // The same document stays the same object: the fields on the screen write into it, and none is made anew under a hand.
    const another = held.edited === "text" && JSON.stringify(held.document) !== JSON.stringify(shown.document);
    if (another) held.document = shown.document;
    if (held.edited === "document") held.text = shown.text;
    // Of a program that cannot be laid out the last curve stays, greyed.
    const old = shown.curve.length === 0 && this._shown !== null && this._shown.curve.length > 0;
    this._shown = old ? { ...this._shown, ...shown, curve: this._shown.curve, steps: [], total_s: this._shown.total_s, old: true } : { ...shown, old: false };
    if (this._mode === "steps" && another) this._draw();
    if (this._mode === "text" && held.edited === "document") this._draw();
    this._mark();
    this._tell();
  }

  /** Draw the curve, and put each problem where it belongs. */
  _mark() {
    const shown = this._shown;
    if (shown === null) return;
    this._curve?.show({ ...shown, simulated: this._simulated?.curve ?? null });
    this._facts.replaceChildren(this._times(shown));
    this._try.disabled = !shown.ok;
    this._steps.mark(shown.problems);
    for (const place of this._form.querySelectorAll(":scope > .fields > [data-field], :scope > details [data-field]")) markField(place, "");
    for (const { field: name, text } of shown.problems) {
      if (name !== null && !name.startsWith("step.")) markField(this._form.querySelector(`[data-field="${CSS.escape(name)}"]`), this._app.told(text));
    }
    if (this._mode === "text") markField(this._form.querySelector("[data-field=text]"), shown.problems.map((/** @type {any} */ one) => this._line(one)).join("\n"));
    this._wrong.replaceChildren(...this._messages(shown));
  }

  /** @param {any} shown */
  _times(shown) {
    const { t, format } = this._app;
    if (shown.old || shown.total_s === null) return el("p", { class: "quiet-text" }, t("The curve comes when every step is complete."));
    const over = shown.inverted_s > shown.allowance_s;
    return el("div", null, facts([
      [t("Whole session, until upright again"), format.duration(shown.total_s)],
      [t("Time inverted"), t("{time} of {allowance}", { time: format.duration(shown.inverted_s), allowance: format.duration(shown.allowance_s) })],
      [t("Highest angle"), t("{angle}, limit {limit}", { angle: format.angle(shown.highest_deg, 0), limit: format.angle(shown.limit_deg, 0) })],
    ]), el("progress", { class: over ? "over" : "", max: 1, value: Math.min(shown.allowance_s > 0 ? shown.inverted_s / shown.allowance_s : 1, 1), "aria-label": t("Time inverted of the allowance") }));
  }

  /** @param {any} problem */
  _line({ line, text }) {
    const { t, told } = this._app;
    return line === null ? told(text) : t("Line {line}: {text}", { line, text: told(text) });
  }

  /** @param {any} shown */
  _messages(shown) {
    const { t, told, tn } = this._app;
    const link = (/** @type {any} */ one, /** @type {string} */ kind) => {
      const path = stepPath(one.path ?? []);
      const text = `${path === null ? "" : `${t("Step {number}", { number: path.filter((part) => typeof part === "number").map((part) => Number(part) + 1).join(".") })}: `}${told(one.text)}`;
      return el("li", { class: kind }, path === null || this._mode === "text" ? text : el("button", { type: "button", class: "link", onclick: () => this._openStep(path) }, text));
    };
    const verdict = shown.ok
      ? el("p", { class: "good-text" }, shown.rider ? t("Fits {name}", { name: shown.rider }) : t("Fits this table"))
      : el("p", { class: "wrong-text" }, tn("Refused: {count} thing to change", "Refused: {count} things to change", shown.problems.length));
    const told_of = [...shown.problems.map((/** @type {any} */ one) => link(one, "refusal")), ...shown.advice.map((/** @type {any} */ one) => link(one, "advice"))];
    const rest = told_of.slice(FIRST_TOLD);
    return [verdict, el("ul", null, told_of.slice(0, FIRST_TOLD)), ...(rest.length === 0 ? [] : [
      el("details", { class: "more" }, el("summary", null, tn("{count} more", "{count} more", rest.length)), el("ul", null, rest))])];
  }

  /** @param {(string | number)[]} path */
  _openStep(path) {
    if (this._mode !== "steps") {
      this._mode = "steps";
      this._draw();
    }
    this._steps.open(path);
    this._mark();
  }

  /** The text of what is held now, written by the panel where the steps were edited. @returns {Promise<string>} */
  async _text() {
    const { text, document } = this._state.held;
    return text ?? (await this._app.api.post("programs/preview", { document, rider_id: chosenRider() })).text;
  }

  /** Run it in lock-step, before a person lies down. */
  async _simulate() {
    const { api, t } = this._app;
    const edition = this._edition;
    this._try.disabled = true;
    this._tried.replaceChildren(el("p", null, t("The simulated table runs it …")));
    try {
      const found = await api.post("programs/simulate", { text: await this._text(), rider_id: chosenRider() });
      if (edition !== this._edition) {
        this._tried.replaceChildren(el("p", null, t("The program was changed meanwhile. Try it again.")));
        return;
      }
      this._simulated = found;
      this._tried.replaceChildren(...this._run(found));
      this._mark();
    } catch (error) {
      const problems = error instanceof ApiError ? error.problems : [];
      this._tried.replaceChildren(el("p", { class: "wrong-text" }, said(error)), ...problems.map((one) => el("p", null, one.text)));
    } finally {
      this._try.disabled = !this._shown?.ok;
    }
  }

  /** @param {any} found */
  _run(found) {
    const { t, told, format } = this._app;
    const good = found.outcome === "completed";
    return [el("p", { class: good ? "good-text" : "wrong-text" }, good ? t("On the simulator it ran to its end.") : t("On the simulator it ended early: {reason}", { reason: told(found.reason) })),
      facts([[t("Took"), format.duration(found.duration_s)], [t("Highest angle"), format.angle(found.highest_deg)], [t("Time inverted"), format.duration(found.inverted_s)]]),
      ...found.trips.map((/** @type {string} */ one) => el("p", { class: "wrong-text" }, told(one))),
      el("p", { class: "quiet-text key" }, t("Dashed: the simulated run."))];
  }

  async _store() {
    const { api, go, hint, t } = this._app;
    const { held, version } = this._state;
    const source = held.edited === "text" ? { text: held.text } : { document: held.document };
    this._save.disabled = true;
    try {
      if (this._id === "new" || !this._own()) {
        const made = await api.post("programs", source);
        this._state.forget();
        hint(t("Saved"));
        go(`#/programs/${made.id}`);
        return;
      }
      const saved = await api.put(`programs/${this._id}`, { ...source, version });
      this._program = saved;
      if (this._state.held !== held) {
        this._state.version = saved.version; // somebody typed on meanwhile: that is a change of what is saved now
        this._state.keep();
        return;
      }
      this._state.settle({ document: saved.document, text: saved.text, edited: "text" }, saved.version);
      write(this._saved, t("Saved"));
      this._draw();
      void this._preview();
    } catch (error) {
      if (error instanceof ApiError && error.status === 409 && error.body?.current) await this._conflict(error.body.current);
      else this._refused(error);
    } finally {
      this._save.disabled = false;
    }
  }

  /** @param {unknown} error */
  _refused(error) {
    const { t } = this._app;
    const problems = error instanceof ApiError ? error.problems : [];
    this._saved.replaceChildren(el("span", { class: "wrong-text" }, t("Not saved."), " ", said(error)), ...problems.slice(0, 3).flatMap((one) => [el("br"), one.text]));
    const first = problems.map((/** @type {any} */ one) => stepPath(one.path ?? [])).find((path) => path !== null);
    if (first && this._mode === "steps") this._openStep(first);
  }

  /** @param {any} current the program as somebody else has saved it */
  async _conflict(current) {
    const { t } = this._app;
    const mine = await this._text();
    this._root.querySelector(".conflict")?.remove();
    const box = conflict([{ name: t("Text"), mine, theirs: current.text }], () => {
      box.remove();
      this._state.version = current.version;
      this._state.keep();
      void this._store();
    }, () => {
      this._state.forget();
      this._begin(current);
    });
    this._root.prepend(box);
    box.scrollIntoView({ block: "nearest" });
  }

  async _discard() {
    const { ask, t } = this._app;
    if (this._state.changed && !await ask(t("Discard what was changed since the last save?"), t("Discard"), t("Keep"))) return;
    this._state.forget();
    await this._load();
  }
}

/** @type {import("../router.js").View} */
export default {
  title: "Program",
  styles: ["riders.css", "programs.css"],
  mount(root, app, { id }) {
    const editor = new Editor(root, app, id);
    return () => editor.close();
  },
};
