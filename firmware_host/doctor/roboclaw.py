"""A RoboClaw: what is read of it, and what of that is unsafe. Nothing is set."""

from typing import Final

from drivers.probes import roboclaw_value
from drivers.roboclaw import (
    CURRENT_STEP_A,
    ESTOP_PINS,
    MESSAGES,
    TIMEOUT_STEP_S,
    Answer,
    Command,
    Error,
    version_in,
)
from firmware_host.doctor.findings import Examination, Finding, Place, note, turning, turns, unsafe
from firmware_host.doctor.line import Line
from firmware_host.doctor.quality import measure

OLDEST: Final = 4
_READ: Final = (
    Command.GET_RAW_SPEED,
    Command.GET_TIMEOUT,
    Command.GET_VELOCITY_PID,
    Command.GET_ERROR,
    Command.GET_MAIN_VOLTAGE,
    Command.GET_TEMPERATURE,
    Command.GET_MAX_CURRENT,
    Command.GET_PINS,
)
Values = dict[int, tuple[int, ...]]


def examine(line: Line, address: int, version: Answer, place: Place, seconds: float) -> Examination:
    """Look at a controller that was found. Raises ``LineLostError``."""
    values: Values = {}
    findings: list[Finding] = []
    for command in _READ:
        answer = line.value(roboclaw_value(address, command))
        if answer is not None:
            values[command] = answer.values
        if command == Command.GET_RAW_SPEED and values.get(command, (0,))[0]:
            findings = [turning(f"{values[command][0]} counts/s")]
            break
    else:
        findings = _judge(values, version_in(version.text), place)
    quality = None
    if not turns(findings):
        quality = measure(line, roboclaw_value(address, Command.GET_ENCODER), seconds)
    firmware = ".".join(map(str, version_in(version.text)))
    name = f"RoboClaw at address {address} ({version.text})"
    return Examination("roboclaw", name, None, firmware, tuple(_facts(values)), tuple(findings), quality)


def _facts(values: Values) -> list[tuple[str, str]]:
    facts = []
    if Command.GET_TIMEOUT in values:
        seconds = values[Command.GET_TIMEOUT][0] * TIMEOUT_STEP_S
        facts.append(("serial timeout, read back", f"{seconds:.1f} s" if seconds else "none is set now"))
    if Command.GET_MAIN_VOLTAGE in values:
        facts.append(("supply", f"{values[Command.GET_MAIN_VOLTAGE][0] / 10.0:.1f} V"))
    if Command.GET_TEMPERATURE in values:
        facts.append(("temperature", f"{values[Command.GET_TEMPERATURE][0] / 10.0:.1f} degC"))
    if Command.GET_MAX_CURRENT in values:
        facts.append(("current limit", f"{values[Command.GET_MAX_CURRENT][0] * CURRENT_STEP_A:.1f} A"))
    if Command.GET_VELOCITY_PID in values:
        p, i, d, qpps = values[Command.GET_VELOCITY_PID]
        facts.append(("velocity control", f"P {p / 65536:g}, I {i / 65536:g}, D {d / 65536:g}, QPPS {qpps}"))
    return facts


def _judge(values: Values, version: tuple[int, int, int], place: Place) -> list[Finding]:
    found = []
    if version[0] < OLDEST:
        found.append(unsafe("firmware older than 4 is not supported", "update it with Motion Studio"))
    unread = [command.name.lower() for command in _READ if command not in values]
    if unread:
        found.append(note(f"not answered: {', '.join(unread)}", "update the firmware; look these settings up by hand"))
    found += _judge_motion(values, place)
    if values.get(Command.GET_TIMEOUT) == (0,):
        text = "no serial timeout is stored: before a session has set one, a motor that was told to turn goes on"
        found.append(note(text, "set 0.2 s in Motion Studio and save it; each session sets it and reads it back"))
    (error,) = values.get(Command.GET_ERROR, (0,))
    wrong, messages = _named(error & ~(Error.ESTOP | MESSAGES)), _named(error & MESSAGES)
    if wrong:
        found.append(unsafe(f"the controller reports: {wrong}", "find the cause before anybody lies down"))
    if messages:
        found.append(note(f"the controller reports: {messages}", "see that no switch is closed that should be open"))
    if error & Error.ESTOP:
        found.append(note("the emergency stop is pressed", "release it when it is safe to do so"))
    pins = values.get(Command.GET_PINS)
    if pins is not None and not set(pins[:3]) & set(ESTOP_PINS):
        text = "no input is set to E-Stop: the controller cannot say that the emergency-stop chain is open"
        found.append(unsafe(text, "wire the chain's second contact to S4, set S4 to E-Stop (latching off), save"))
    return found


def _named(bits: int) -> str:
    return ", ".join(f"{bit.name.lower()} (0x{bit:x})" for bit in Error if bits & bit and bit.name)


def _judge_motion(values: Values, place: Place) -> list[Finding]:
    found = []
    p, i, _, qpps = values.get(Command.GET_VELOCITY_PID, (1, 1, 1, 1 << 30))
    if p == 0 and i == 0:
        text = "the velocity control of motor 1 is not tuned (P and I are 0)"
        found.append(unsafe(text, "tune it in Motion Studio, with an empty table, and save"))
    device, table = place.device, place.table
    if device is not None and device.scale is not None and table is not None:
        needed = table.limits.emergency_rate_dps * device.scale
        if qpps < needed:
            text = f"motor 1 is set up for {qpps} counts/s, and an emergency return needs {needed:.0f}"
            found.append(unsafe(text, "check scale in the table file, and QPPS in Motion Studio"))
    limit_a = values.get(Command.GET_MAX_CURRENT, (0,))[0] * CURRENT_STEP_A
    if place.current_a is not None and limit_a > place.current_a:
        text = f"the current limit is {limit_a:.1f} A, the motor's rated current {place.current_a:g} A"
        found.append(note(text, "set max current in Motion Studio and save; a session sets it with its first motion"))
    return found
