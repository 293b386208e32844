"""A VESC: what is read of it, and what of that is unsafe. Nothing is set, and nothing feeds its timeout."""

from struct import Struct
from typing import Final

from drivers.dialogue import LONGEST_TIMEOUT_S
from drivers.probes import Question, vesc_command
from drivers.vesc import APP_CONFIG, MASK, STATUS_BIT, TIMED_OUT, VALUES, Command, Fault
from firmware_host.doctor.findings import Examination, Finding, Place, note, turning, turns, unsafe
from firmware_host.doctor.line import Line
from firmware_host.doctor.quality import measure

OLDEST: Final = 5
STANDS_ERPM: Final = 30
_MASK: Final = Struct(">I")
_BRAKE_A: Final = Struct(">f")
"""Follows the timeout in the configuration: the current that brakes when it runs out."""


def values_question() -> Question:
    """Ask for what a session asks for."""
    return vesc_command(Command.GET_VALUES_SELECTIVE, _MASK.pack(MASK))


def examine(line: Line, firmware: bytes, place: Place, seconds: float) -> Examination:
    """Look at a controller that was found. Raises ``LineLostError``."""
    values = line.value(values_question())
    config = line.value(vesc_command(Command.GET_APP_CONFIG))
    version = (firmware[1], firmware[2]) if len(firmware) > 2 else (0, 0)
    end = firmware.find(b"\0", 3)
    hardware = firmware[3:end].decode("ascii", "replace") if end > 3 else "unknown hardware"
    uuid = firmware[end + 1 : end + 13].hex() if end > 0 else "unknown"
    findings = _judge(version, config, place) + _judge_values(values)
    facts = [("unique number", uuid), *_facts(config, values)]
    quality = None if turns(findings) else measure(line, values_question(), seconds)
    told = f"{version[0]}.{version[1]:02d}"
    return Examination("vesc", f"VESC ({hardware})", None, told, tuple(facts), tuple(findings), quality)


def _timeout_ms(config: bytes | None) -> int | None:
    return None if config is None or len(config) < APP_CONFIG.size else int(APP_CONFIG.unpack_from(config)[3])


def _brake_a(config: bytes | None) -> float | None:
    whole = config is not None and len(config) >= APP_CONFIG.size + _BRAKE_A.size
    return float(_BRAKE_A.unpack_from(config, APP_CONFIG.size)[0]) if whole and config else None


def _facts(config: bytes | None, values: bytes | None) -> list[tuple[str, str]]:
    facts = []
    timeout_ms, brake_a = _timeout_ms(config), _brake_a(config)
    if timeout_ms is not None:
        facts.append(("timeout, read back", f"{timeout_ms} ms"))
    if brake_a is not None:
        facts.append(("timeout brake current", f"{brake_a:.1f} A"))
    if values is not None and len(values) >= VALUES.size:
        _, _, stage, motor, current, erpm, supply, _, _ = VALUES.unpack_from(values)
        facts.append(("supply", f"{supply / 10.0:.1f} V"))
        facts.append(("temperatures", f"stage {stage / 10.0:.1f} degC, motor {motor / 10.0:.1f} degC"))
        facts.append(("motor", f"{current / 100.0:.2f} A, {erpm} electrical turns a minute"))
    return facts


def _judge(version: tuple[int, int], config: bytes | None, place: Place) -> list[Finding]:
    found = []
    if version[0] < OLDEST:
        found.append(unsafe("firmware older than 5 is not supported", "update it with VESC Tool"))
    timeout_ms, brake_a = _timeout_ms(config), _brake_a(config)
    mend = "set it to 200 ms in VESC Tool (App Settings, General, Timeout), and write the configuration"
    if timeout_ms is None:
        found.append(unsafe("the timeout cannot be read", mend))
    elif not 0 < timeout_ms <= LONGEST_TIMEOUT_S * 1e3:
        text = f"the timeout is {timeout_ms} ms: a motor whose host is dead must stop within {LONGEST_TIMEOUT_S:g} s"
        found.append(unsafe(text, mend))
    held = place.device is not None and (place.device.brake or place.device.self_locking)
    if brake_a is not None and not brake_a > 0.0 and not held:
        text = "the timeout brake current is 0: when the timeout runs out the motor coasts, and a load turns the table"
        found.append(note(text, "set one that stops the motor, and see that a brake or a self-locking gear holds"))
    return found


def _judge_values(values: bytes | None) -> list[Finding]:
    if values is None or len(values) < VALUES.size:
        return [unsafe("its values are not answered", "update the firmware with VESC Tool")]
    found = []
    _, mask, *_, erpm, _, _, fault = VALUES.unpack_from(values)
    if abs(erpm) > STANDS_ERPM:
        found.append(turning(f"{erpm} electrical turns a minute"))
    if fault:
        name = Fault(fault).name.lower().replace("_", " ") if fault in Fault.__members__.values() else f"code {fault}"
        found.append(unsafe(f"the controller reports a fault: {name}", "find the cause before anybody lies down"))
    timed_out = mask & STATUS_BIT and len(values) > VALUES.size and values[VALUES.size] & TIMED_OUT
    if timed_out:
        found.append(note("its timeout ran out since the last order", "that is as it should be while no session runs"))
    return found
