// @ts-check
/**
 * What a view may use.
 *
 * @typedef {object} App
 * @property {typeof import("./api.js").api} api
 * @property {typeof import("./texts.js").t} t
 * @property {typeof import("./texts.js").tn} tn
 * @property {typeof import("./texts.js").told} told translates what came over the wire
 * @property {typeof import("./format.js")} format
 * @property {() => "metric" | "us"} units
 * @property {typeof import("./format.js").measure} measure
 * @property {() => Me | null} me null as long as the panel was not asked
 * @property {(role: "rider" | "operator" | "clinician" | "service") => boolean} may whether this person's role reaches so far
 * @property {() => Promise<void>} refreshMe ask again who this is: after something about people changed
 * @property {() => any} state the newest state; null without one
 * @property {() => any} setup what stays the same during a session; null without one
 * @property {() => [number, number | null, number | null][]} chart time, angle and target of the last minutes
 * @property {() => boolean} stale what is shown is old
 * @property {() => boolean} awake the page has been in front for a moment: what is pressed is meant
 * @property {(fn: (state: any, setup: any) => void) => () => void} onState called at each state while it fits its setup; and at once
 * @property {(name: string, more?: Record<string, unknown>) => void} press
 * @property {() => void} clean half a minute in which touches press nothing
 * @property {(check: string, yes: boolean) => void} confirm a pre-flight confirmation
 * @property {(direction: -1 | 1, ended: () => void) => () => void} hold begins a held move; gives what lets go of it
 * @property {(hash: string) => void} go to a route, such as "#/riders"
 * @property {(text: string, bad?: boolean) => void} hint a sentence beside STOP for a few seconds
 * @property {(text: string, yes: string, no: string) => Promise<boolean>} ask a question that covers no STOP
 * @property {import("./sound.js").Sound} sound
 *
 * @typedef {{id: number | string, name: string, role: "rider" | "operator" | "clinician" | "service"}} Person
 * @typedef {{person: Person | null, open: boolean, locked: boolean, roles: string[], simulated: boolean}} Me
 */

export {};
