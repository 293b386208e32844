"""An ODrive: what is read of it, and what of that is unsafe. Nothing is set, and nothing feeds its watchdog."""

from typing import Final

from drivers.dialogue import LONGEST_TIMEOUT_S
from drivers.odrive import AxisState, Error, number
from drivers.probes import odrive_feedback, odrive_property
from firmware_host.doctor.findings import Examination, Finding, Place, note, turning, turns, unsafe
from firmware_host.doctor.line import Line
from firmware_host.doctor.quality import measure

OLDEST: Final = (0, 6)
STANDS_TURNS_S: Final = 0.02
_VERSION: Final = tuple(f"fw_version_{part}" for part in ("major", "minor", "revision"))
_OF_AXIS: Final = (
    "config.enable_watchdog",
    "config.watchdog_timeout",
    "controller.config.input_mode",
    "config.motor.current_soft_max",
    "current_state",
    "active_errors",
    "disarm_reason",
)
Values = dict[str, float | None]


def examine(line: Line, axis: int, place: Place, seconds: float) -> Examination:
    """Look at a drive that was found. Raises ``LineLostError``."""
    names = {name: name for name in (*_VERSION, "serial_number", "vbus_voltage")}
    names |= {name: f"axis{axis}.{name}" for name in _OF_AXIS}
    values = {short: _number(line.value(odrive_property(name))) for short, name in names.items()}
    feedback = str(line.value(odrive_feedback(axis)) or "").split()
    turns_s = _number(feedback[1]) if len(feedback) == 2 else None
    findings = _judge(values, axis, place)
    if turns_s is not None and abs(turns_s) > STANDS_TURNS_S:
        findings.insert(0, turning(f"{turns_s:.2f} turns/s"))
    quality = None if turns(findings) else measure(line, odrive_feedback(axis), seconds)
    firmware = ".".join(str(int(values[name] or 0)) for name in _VERSION)
    serial = values["serial_number"]
    name = f"ODrive, axis {axis}"
    number_told = None if serial is None else int(serial)
    return Examination("odrive", name, number_told, firmware, tuple(_facts(values)), tuple(findings), quality)


def _number(text: str | None) -> float | None:
    return None if text is None else number(text.encode("ascii", "replace"))


def _facts(values: Values) -> list[tuple[str, str]]:
    timeout_s, supply = values["config.watchdog_timeout"], values["vbus_voltage"]
    on = "on" if values["config.enable_watchdog"] else "off"
    facts = [("watchdog, read back", on if timeout_s is None else f"{on}, {timeout_s:g} s")]
    if supply is not None:
        facts.append(("supply", f"{supply:.1f} V"))
    state = values["current_state"]
    if state is not None:
        known = state in AxisState.__members__.values()
        facts.append(("axis", AxisState(int(state)).name.lower().replace("_", " ") if known else f"state {state:g}"))
    return facts


def _judge(values: Values, axis: int, place: Place) -> list[Finding]:
    found = []
    version = (int(values["fw_version_major"] or 0), int(values["fw_version_minor"] or 0))
    if version < OLDEST:
        found.append(unsafe("firmware older than 0.6 is not supported", "update it with odrivetool"))
    timeout_s = values["config.watchdog_timeout"]
    watched = bool(values["config.enable_watchdog"]) and timeout_s is not None and 0.0 < timeout_s <= LONGEST_TIMEOUT_S
    if timeout_s is None:
        found.append(unsafe(f"axis{axis} tells no watchdog", "use an axis that is there (address), and firmware 0.6"))
    elif not watched:
        armed = values["current_state"] == AxisState.CLOSED_LOOP_CONTROL
        text = f"the watchdog of axis{axis} does not stop it within {LONGEST_TIMEOUT_S:g} s"
        mend = f"set axis{axis}.config.watchdog_timeout = 0.2 and .enable_watchdog = True with odrivetool, and save"
        mend += "; each session sets both and reads them back"
        found.append(unsafe(f"{text}, and the axis is armed", mend) if armed else note(text, mend))
    errors = int(values["active_errors"] or 0) | int(values["disarm_reason"] or 0)
    named = [bit.name.lower() for bit in Error if errors & bit and bit.name]
    serious = errors & ~(Error.WATCHDOG_TIMER_EXPIRED | Error.ESTOP_REQUESTED)
    if named:
        told = f"the drive reports: {', '.join(named)}"
        mend = "find the cause before anybody lies down, then clear the errors (sc)"
        found.append(unsafe(told, mend) if serious else note(told, "a session clears it once its cause is gone"))
    limit_a = values["config.motor.current_soft_max"]
    if limit_a is not None and place.current_a is not None and limit_a > place.current_a:
        text = f"the current limit is {limit_a:g} A, the motor's rated current {place.current_a:g} A"
        found.append(note(text, "lower config.motor.current_soft_max; a session sets it with its first motion"))
    return found
