// @ts-check
/** The alarm sound: bursts of pulses after IEC 60601-1-8, ten for high priority, three for medium. */

import * as settings from "./settings.js";

const BURSTS = {
  HIGH: { pulses: [0, 0.2, 0.4, 0.75, 0.95, 1.45, 1.65, 1.85, 2.2, 2.4], every_s: 6, hz: 880, pulse_s: 0.13 },
  MEDIUM: { pulses: [0, 0.35, 0.7], every_s: 12, hz: 660, pulse_s: 0.2 },
};
/** Besides the base, so that it is heard with a hearing loss at some frequency too. */
const HARMONICS = [1, 2, 3, 4];
/** Of one harmonic, at full volume: the four together stay below the point where it would be clipped. */
const LOUDEST = 0.2;

export class Sound {
  constructor() {
    /** @type {AudioContext | null} */
    this._context = null;
    this._next_s = 0;
    /** @type {string | null} */
    this._priority = null;
    /** @type {OscillatorNode[]} */
    this._playing = [];
    // Browsers let a page sound only once somebody has touched it.
    for (const kind of ["pointerdown", "keydown"]) {
      addEventListener(kind, () => this._allow(), { capture: true });
    }
  }

  /** @returns {boolean} the browser lets this page be heard */
  allowed() {
    return this._context?.state === "running";
  }

  /** @param {"HIGH" | "MEDIUM" | null} priority */
  show(priority) {
    if (priority !== this._priority) {
      this._priority = priority;
      this._next_s = 0;
      for (const one of this._playing.splice(0)) one.stop();
    }
    const context = this._context;
    if (priority === null || context === null || context.state !== "running") return;
    if (context.currentTime < this._next_s) return;
    const burst = BURSTS[priority];
    this._next_s = context.currentTime + burst.every_s;
    this._playing = [];
    for (const pulse_s of burst.pulses) this._pulse(context, context.currentTime + 0.05 + pulse_s, burst);
  }

  /** Let it be heard once, as an alarm of medium priority sounds. @returns {boolean} whether it can be heard */
  test() {
    const context = this._context;
    if (context === null || context.state !== "running") return false;
    const burst = BURSTS.MEDIUM;
    for (const pulse_s of burst.pulses) this._pulse(context, context.currentTime + 0.05 + pulse_s, burst);
    return true;
  }

  _allow() {
    this._context ??= new AudioContext();
    if (this._context.state === "suspended") this._context.resume();
  }

  /** @param {AudioContext} context @param {number} from_s @param {{hz: number, pulse_s: number}} burst */
  _pulse(context, from_s, burst) {
    const level = LOUDEST * settings.get().volume;
    const loudness = context.createGain();
    loudness.gain.setValueAtTime(0, from_s);
    loudness.gain.linearRampToValueAtTime(level, from_s + 0.02);
    loudness.gain.setValueAtTime(level, from_s + burst.pulse_s - 0.03);
    loudness.gain.linearRampToValueAtTime(0, from_s + burst.pulse_s);
    loudness.connect(context.destination);
    for (const harmonic of HARMONICS) {
      const tone = context.createOscillator();
      tone.frequency.value = burst.hz * harmonic;
      tone.connect(loudness);
      tone.start(from_s);
      tone.stop(from_s + burst.pulse_s);
      this._playing.push(tone);
    }
  }
}
