// @ts-check
/** The socket to the panel: states in, presses out, and how old what is shown is. */

const RECONNECT_MS = 300;
const BEAT_MS = 250;
/** A page whose data is older than this shows nothing that anybody could watch over. */
const STALE_S = 0.5;
/** The clocks of page and controller drift apart by less. */
const DRIFT_S_PER_S = 1e-3;
const ANSWER_MS = 1500;

export class Connection {
  /**
   * @param {(message: any) => void} onMessage states and setups
   * @param {(name: string, answer: {ok: boolean, error?: string} | null) => void} onAnswer null: none came
   */
  constructor(onMessage, onAnswer) {
    this._onMessage = onMessage;
    this._onAnswer = onAnswer;
    /** @type {WebSocket | null} */
    this._socket = null;
    /** @type {number | null} the controller's clock less this page's: the largest seen, which waited least */
    this._offset_s = null;
    this._seen_s = 0;
    /** @type {any} */
    this._state = null;
    /** @type {Map<string, {name: string, timer: number, refusals: number, paths: number}>} */
    this._waiting = new Map();
    const port = document.querySelector("meta[name=righting-stop-port]")?.getAttribute("content");
    this._stops = `${location.protocol}//${location.hostname}:${port}`;
    this._connect();
    setInterval(() => this._beat(), BEAT_MS);
  }

  /** @returns {number} seconds since the controller made the newest state */
  age_s() {
    if (this._state === null || this._offset_s === null) return Infinity;
    return this._now_s() - this._state.sent_s;
  }

  /** @returns {boolean} nothing on the page is to be trusted */
  stale() {
    return this.age_s() > STALE_S;
  }

  /** @param {string} name @param {string[]} confirmed pre-flight checks that this press confirms */
  press(name, confirmed = []) {
    const id = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2);
    const pressed_s = this._offset_s === null ? null : this._now_s();
    const body = { kind: "press", id, name, pressed_s, session: this._state?.session ?? null, confirmed };
    const path = { stop: "/stop", return_upright: "/return" }[name];
    const open = this._socket?.readyState === WebSocket.OPEN;
    const timer = setTimeout(() => this._answered(id, null), ANSWER_MS);
    this._waiting.set(id, { name, timer, refusals: 0, paths: (open ? 1 : 0) + (path ? 1 : 0) });
    if (open) this._socket?.send(JSON.stringify(body));
    if (path) {
      const { pressed_s: at, session } = body;
      // No preflight: a plain text. It goes out even if the page is left.
      fetch(this._stops + path, { method: "POST", keepalive: true, body: JSON.stringify({ id, pressed_s: at, session }) })
        .then((response) => response.json())
        .then((answer) => this._answered(id, answer))
        .catch(() => {});
    }
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
    if (answer !== null && !answer.ok && ++one.refusals < one.paths) return; // the other path may have got through
    clearTimeout(one.timer);
    this._waiting.delete(id);
    this._onAnswer(one.name, answer);
  }

  _connect() {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/socket`);
    this._socket = socket;
    socket.onmessage = (event) => this._take(JSON.parse(event.data));
    socket.onclose = () => setTimeout(() => this._connect(), RECONNECT_MS);
  }

  /** @param {any} message */
  _take(message) {
    if (message.kind === "answer") {
      this._answered(message.id, message);
      return;
    }
    if (message.kind === "state") {
      const here_s = performance.now() / 1e3;
      const offset_s = message.sent_s - here_s;
      const faded_s = this._offset_s === null ? -Infinity : this._offset_s - DRIFT_S_PER_S * (here_s - this._seen_s);
      this._offset_s = Math.max(faded_s, offset_s);
      this._seen_s = here_s;
      this._state = message;
    }
    this._onMessage(message);
  }

  /** Only a page that is in front, and shows the present, stands for a person who watches. */
  _beat() {
    const watching = document.visibilityState === "visible" && !this.stale();
    if (watching && this._socket?.readyState === WebSocket.OPEN) this._socket.send('{"kind": "beat"}');
  }
}
