"""The devices beside a drive: inclinometer and input module."""

from collections.abc import Callable
from typing import Final

from drivers.contacts import INPUT_COUNT, NAMES
from drivers.modbus import Answer, read_discrete_inputs
from drivers.probes import modbus_read
from drivers.witmotion import ANGLE, AXES, HALF_TURN_DEG, LEAST_RATE_HZ, STEPS, Deframer
from firmware_host.doctor.findings import Examination, Finding, Place, note, unsafe
from firmware_host.doctor.line import Line
from firmware_host.doctor.quality import Gaps, Quality, measure
from firmware_host.files.tables import NO_DELAY_KNOWN
from safety.signals import ANKLE_LATCH, HAND_SWITCH

LOOK_S: Final = 0.05
_PAIRS: Final = (("hand switch", HAND_SWITCH), ("ankle latch", ANKLE_LATCH))


def examine_inclinometer(line: Line, place: Place, seconds: float) -> Examination:
    """Listen to a sensor that was heard; nothing is sent to it. Raises ``LineLostError``."""
    deframer, gaps = Deframer(), Gaps(line.now_s)
    newest, others = None, 0
    while gaps.passed_s < seconds:
        frames = deframer.feed(line.read(LOOK_S))
        angles = [frame for frame in frames if frame[1] == ANGLE]
        others += len(frames) - len(angles)
        gaps.take(angles)
        newest = angles[-1] if angles else newest
    rate_hz = gaps.frames / gaps.passed_s
    quality = Quality(gaps.passed_s, None, gaps.frames, 0, rate_hz, gaps.longest_s, deframer.corrupted)
    facts, findings = [], []
    if "://" in line.url:
        findings.append(unsafe("it is behind a network", NO_DELAY_KNOWN))
    if newest is None:
        findings.append(unsafe("it sends no angle", "choose its contents with the maker's program: angles alone"))
    else:
        shown = [int.from_bytes(newest[at : at + 2], "little", signed=True) * HALF_TURN_DEG / STEPS for at in (2, 4)]
        facts = [(name, f"{value:.1f} deg") for name, value in zip(AXES, shown, strict=True)]
        if place.device is not None:
            value = shown[AXES.index(place.device.axis)] * place.device.direction + (place.device.zero_deg or 0.0)
            facts.append(("angle of the table", f"{value:.1f} deg"))
    if rate_hz < LEAST_RATE_HZ or others:
        text = f"it sends {rate_hz:.0f} angles a second, and {others / gaps.passed_s:.0f} frames of other contents"
        mend = "set 100 Hz and angles alone with the maker's program, and save; each session asks for both"
        findings.append(note(text, mend))
    return Examination("witmotion", "WitMotion inclinometer", None, None, tuple(facts), tuple(findings), quality)


def examine_contacts(line: Line, unit: int, answer: Answer, place: Place, seconds: float) -> Examination:
    """Read a module that was found. Raises ``LineLostError``."""
    device = place.device
    wiring = tuple(NAMES) if device is None or device.inputs is None else device.inputs
    pattern = answer.data[0] if answer.data else 0
    closed = {name: bool(pattern >> at & 1) for at, name in enumerate(wiring) if name}
    facts = [("inputs", format(pattern, f"0{INPUT_COUNT}b") + " (input 1 last)")]
    facts += [(name, "closed" if is_closed else "open") for name, is_closed in closed.items()]
    quality = measure(line, modbus_read(read_discrete_inputs(unit, 0, INPUT_COUNT)), seconds)
    name = f"Modbus input module at unit {unit}"
    # Without a table file the wiring is only assumed.
    findings = _contradictions(closed, unsafe if device is not None else note)
    return Examination("contacts", name, None, None, tuple(facts), tuple(findings), quality)


def _contradictions(closed: dict[str, bool], make: Callable[[str, str], Finding]) -> list[Finding]:
    found = []
    wired, inputs = sum(NAMES[name] for name in closed), sum(NAMES[name] for name in closed if closed[name])
    for name, pair in _PAIRS:
        if wired & pair.mask == pair.mask and pair.reads(inputs) is None:
            both = "closed" if inputs & pair.mask else "open"
            mend = "look for a broken wire or a stuck contact, or name the inputs in the table file (inputs)"
            found.append(make(f"both contacts of the {name} are {both}", mend))
    return found
