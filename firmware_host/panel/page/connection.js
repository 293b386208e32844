// @ts-check
/**
 * The socket to the panel: states in, presses out, and how old what is shown is.
 *
 * The controller's clock less this page's is known from both sides. It is at least what the newest state says of itself
 * less when it came: the way took some time. It is at most what an echo told less when it was asked for. An age is
 * reckoned by the upper bound, so that a way that has always been long does not pass for the present; a press is dated by
 * the lower one, so that none looks younger than it is.
 */

const RECONNECT_MS = 300;
const BEAT_MS = 250;
/** A page whose data is older than this shows nothing that anybody could watch over. */
const STALE_S = 0.5;
/** The clocks of page and controller drift apart by less. */
const DRIFT_S_PER_S = 1e-3;
/** The upper bound is the least that so many echoes told: one that met a busy moment counts no more than the others. */
const ECHOES = 8;
/** A lower bound that is above the upper one by more is no matter of drift. */
const CLOCKS_AGREE_S = 0.05;
/** Header of what the second path answers: the controller's clock. */
const NOW = "Righting-Now";
const ANSWER_MS = 1500;
/** A socket is closed so when whoever opened it was logged out. */
const LOGGED_OUT = 4401;
/** A held motion is asked for anew so often. */
const HOLD_BEAT_MS = 50;
/** After a longer gap it has ended at the controller, and must not begin again by itself. */
const HOLD_LEASE_MS = 200;

function newId() {
  return crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2);
}

export class Connection {
  /**
   * @param {(message: any) => void} onMessage states and setups
   * @param {(name: string, answer: {ok: boolean, error?: string} | null) => void} onAnswer null: none came
   * @param {() => void} onLoggedOut the panel no longer knows who is here
   */
  constructor(onMessage, onAnswer, onLoggedOut) {
    this._onMessage = onMessage;
    this._onAnswer = onAnswer;
    this._onLoggedOut = onLoggedOut;
    /** @type {WebSocket | null} */
    this._socket = null;
    /** @type {number | null} the controller's clock less this page's: the largest seen, which waited least */
    this._offset_s = null;
    this._seen_s = 0;
    /** @type {number[]} the same, but too large by the way there: by the newest echoes */
    this._offsets_s = [];
    /** @type {number[]} when the echoes were asked for that have not come yet, the oldest first */
    this._asked_s = [];
    /** @type {any} */
    this._state = null;
    /** @typedef {{ok: boolean, error?: string}} Answer */
    /** @type {Map<string, {name: string, timer: number, refusal?: Answer, refusals: number, paths: number, refused?: () => void}>} */
    this._waiting = new Map();
    this._stopPort = document.querySelector("meta[name=righting-stop-port]")?.getAttribute("content");
    this._stops = `${location.protocol}//${location.hostname}:${this._stopPort}`;
    this._connect();
    setInterval(() => this._beat(), BEAT_MS);
  }

  /** @returns {number} seconds since the controller made the newest state, or fewer; Infinity where that is unknown */
  age_s() {
    if (this._state === null || this._offsets_s.length === 0) return Infinity;
    return performance.now() / 1e3 + Math.min(...this._offsets_s) - this._state.sent_s;
  }

  /** @returns {boolean} nothing on the page is to be trusted */
  stale() {
    const waited_s = this._asked_s.length === 0 ? 0 : performance.now() / 1e3 - this._asked_s[0];
    return this.age_s() > STALE_S || waited_s > STALE_S;
  }

  /** @param {string} name @param {Record<string, unknown>} [more] what else the message says */
  press(name, more) {
    const id = newId();
    const body = { kind: "press", id, name, ...this._when(), ...more };
    if (more?.kind !== undefined) delete /** @type {any} */ (body).name;
    const path = { stop: "/stop", return_upright: "/return" }[name];
    const open = this._socket?.readyState === WebSocket.OPEN;
    const timer = setTimeout(() => this._unanswered(id), ANSWER_MS);
    this._waiting.set(id, { name, timer, refusals: 0, paths: (open ? 1 : 0) + (path ? 1 : 0) });
    if (open) this._socket?.send(JSON.stringify(body));
    if (path) {
      const { pressed_s: at, session } = body;
      // No preflight: a plain text. It goes out even if the page is left.
      fetch(this._stops + path, { method: "POST", keepalive: true, body: JSON.stringify({ id, pressed_s: at, session }) })
        .then((response) => {
          // By a way of its own, which may be shorter than the socket's: then the next press is dated better.
          if (response.headers.has(NOW)) this._dateBy(Number(response.headers.get(NOW)));
          return response.json();
        })
        .then((answer) => this._answered(id, answer))
        .catch(() => {});
    }
  }

  /**
   * Hold a motion by hand: it lasts as long as beats go out. A gap, as of a browser that froze, ends it for good.
   *
   * @param {-1 | 1} direction
   * @param {() => void} ended called once, whatever ended it
   * @returns {() => void} what lets go
   */
  hold(direction, ended) {
    const id = newId();
    let last_ms = performance.now();
    const send = (/** @type {Record<string, unknown>} */ message) => {
      if (this._socket?.readyState !== WebSocket.OPEN) return false;
      this._socket.send(JSON.stringify(message));
      return true;
    };
    const release = () => {
      if (timer === 0) return;
      clearInterval(timer);
      timer = 0;
      this._waiting.delete(id);
      send({ kind: "release", id });
      ended();
    };
    const beat = () => {
      const now_ms = performance.now();
      const late = now_ms - last_ms > HOLD_LEASE_MS;
      last_ms = now_ms;
      if (late || this.stale() || !send({ kind: "move", id, direction, ...this._when() })) release();
    };
    let timer = setInterval(beat, HOLD_BEAT_MS);
    this._waiting.set(id, { name: "move", timer: 0, refusals: 0, paths: 1, refused: release });
    beat();
    return release;
  }

  /** When, on the controller's clock, and for which session. */
  _when() {
    const pressed_s = this._offset_s === null ? null : this._now_s();
    return { pressed_s, session: this._state?.session ?? null };
  }

  _now_s() {
    return performance.now() / 1e3 + (this._offset_s ?? 0);
  }

  /**
   * @param {string} id
   * @param {{ok: boolean, error?: string} | null} answer
   */
  _answered(id, answer) {
    const one = this._waiting.get(id);
    if (!one) return;
    if (answer !== null && !answer.ok && ++one.refusals < one.paths) {
      one.refusal = answer; // the other path may have got through
      return;
    }
    if (one.refused) {
      if (answer === null || answer.ok) return; // each beat of a held motion is answered: only a refusal counts
      this._waiting.delete(id);
      one.refused();
    }
    clearTimeout(one.timer);
    this._waiting.delete(id);
    this._onAnswer(one.name, answer);
  }

  /** Enough was waited for. @param {string} id */
  _unanswered(id) {
    const one = this._waiting.get(id);
    if (!one) return;
    this._waiting.delete(id);
    this._onAnswer(one.name, one.refusal ?? null);
  }

  _connect() {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/socket`);
    this._socket = socket;
    this._asked_s = [];
    socket.onopen = () => this._ask();
    socket.onmessage = (event) => this._take(JSON.parse(event.data));
    socket.onclose = (event) => {
      if (event.code === LOGGED_OUT) this._onLoggedOut();
      if (this._socket === socket) setTimeout(() => this._connect(), RECONNECT_MS);
    };
  }

  /** Speak as somebody else from now on: a socket belongs to whoever was logged in when it was opened. */
  reopen() {
    const before = this._socket;
    this._connect();
    before?.close();
  }

  /** @param {any} message */
  _take(message) {
    if (message.kind === "echo") {
      this._echoed(message);
      return;
    }
    if (message.kind === "answer") {
      this._answered(message.id, message);
      return;
    }
    if (message.kind === "setup" && String(message.stop_port) !== this._stopPort) {
      // Another command serves this address now: STOP has another second path, and the controller another clock maybe.
      location.reload();
      return;
    }
    if (message.kind === "state") {
      this._dateBy(message.sent_s);
      this._state = message;
    }
    this._onMessage(message);
  }

  /** What came just now was made at that time, or later. @param {number} made_s on the controller's clock */
  _dateBy(made_s) {
    const here_s = performance.now() / 1e3;
    const faded_s = this._offset_s === null ? -Infinity : this._offset_s - DRIFT_S_PER_S * (here_s - this._seen_s);
    this._offset_s = Math.max(faded_s, made_s - here_s);
    this._seen_s = here_s;
    // This page's clock stood still, as in a computer that sleeps: what it knew of the other one is over.
    if (Math.min(...this._offsets_s) < this._offset_s - CLOCKS_AGREE_S) this._offsets_s = [];
  }

  /** Ask what time it is there; whoever this is, and whatever the page shows. */
  _ask() {
    if (this._socket?.readyState !== WebSocket.OPEN || this._asked_s.length >= ECHOES) return; // no more on a way that is stuck
    const asked_s = performance.now() / 1e3;
    this._asked_s.push(asked_s);
    this._socket.send(JSON.stringify({ kind: "echo", asked_s }));
  }

  /** @param {{asked_s: number, now_s: number}} echo */
  _echoed({ asked_s, now_s }) {
    this._asked_s = this._asked_s.filter((one_s) => one_s > asked_s);
    this._offsets_s = [...this._offsets_s, now_s - asked_s].slice(-ECHOES);
    this._dateBy(now_s);
  }

  /** Only a page that is in front, and shows the present, stands for a person who watches. */
  _beat() {
    this._ask();
    const watching = document.visibilityState === "visible" && !this.stale();
    if (watching && this._socket?.readyState === WebSocket.OPEN) this._socket.send('{"kind": "beat"}');
  }
}
