"""A servo on Modbus RTU: what is read of it, and what of that is unsafe. Nothing is written."""

from drivers.dialogue import LONGEST_TIMEOUT_S
from drivers.modbus import Answer, read_registers
from drivers.probes import modbus_read
from drivers.servo import PROFILE_VELOCITY, State, fault_of, state_of
from drivers.servo_map import RegisterMap
from firmware_host.doctor.findings import Examination, Finding, note, turning, unsafe
from firmware_host.doctor.line import Line
from firmware_host.doctor.quality import measure

STANDS_UNITS_S = 50.0
"""Units of position a second that a servo on its brake may seem to make."""


def examine(line: Line, unit: int, answer: Answer, registers: RegisterMap, seconds: float) -> Examination:
    """Look at a servo that was found. Raises ``LineLostError``."""
    values = registers.unpack(registers.feedback, answer.registers())
    rate = values["velocity"] * registers.velocity
    findings: list[Finding] = []
    timeout = values.get("timeout", _single(line, unit, registers.timeout_at))
    mode = None
    quality = None
    if abs(rate) > STANDS_UNITS_S:
        findings.append(turning(f"{rate:.0f} units/s"))
    else:
        mode = _single(line, unit, registers.mode_at)
        findings += _judge(values, timeout, mode, registers)
        feedback = registers.feedback
        asked = read_registers(unit, feedback.address, feedback.registers)
        quality = measure(line, modbus_read(asked), seconds)
    facts = _facts(values, timeout, mode, registers)
    name = f"{registers.name} at unit {unit}"
    return Examination("servo", name, None, None, tuple(facts), tuple(findings), quality)


def _single(line: Line, unit: int, address: int) -> int | None:
    answer = line.value(modbus_read(read_registers(unit, address, 1)))
    return answer.registers()[0] if answer is not None and not answer.refusal else None


def _facts(
    values: dict[str, int], timeout: int | None, mode: int | None, registers: RegisterMap
) -> list[tuple[str, str]]:
    facts = [("state", state_of(values["status_word"]).name.lower().replace("_", " "))]
    if timeout is not None:
        seconds = timeout * registers.timeout_unit_s
        facts.append(("timeout, read back", f"{seconds:g} s" if seconds else "none is set now"))
    if mode is not None:
        facts.append(("mode of operation", str(mode)))
    if "bus_voltage" in values:
        facts.append(("supply", f"{values['bus_voltage'] * registers.bus_v:.1f} V"))
    if "temperature" in values:
        facts.append(("temperature", f"{values['temperature'] * registers.temperature_c:.1f} degC"))
    return facts


def _judge(values: dict[str, int], timeout: int | None, mode: int | None, registers: RegisterMap) -> list[Finding]:
    found = []
    state = state_of(values["status_word"])
    session = "each session sets it and reads it back"
    if timeout is None:
        found.append(unsafe("its communication timeout cannot be read", "correct [timeout] in the register map"))
    elif not 0.0 < timeout * registers.timeout_unit_s <= LONGEST_TIMEOUT_S:
        text = f"the communication timeout does not stop it within {LONGEST_TIMEOUT_S:g} s"
        found.append(note(text, f"set 0.2 s with the maker's program and save; {session}"))
    if mode is None:
        found.append(unsafe("its mode of operation cannot be read", "correct [mode] in the register map"))
    elif mode != PROFILE_VELOCITY:
        found.append(note(f"its mode of operation is {mode}, not profile velocity (3)", session))
    if state is State.OPERATION_ENABLED:
        found.append(unsafe("it is enabled although no session runs", "find out which program enables it, and end it"))
    error = values["error_code"]
    if error == registers.timeout_fault:
        found.append(note("its timeout ran out since the last order", "that is as it should be while no session runs"))
    elif error or state is State.FAULT:
        told = f"it reports error 0x{error:04x} (fault bits {fault_of(error)})"
        found.append(unsafe(told, "look the error up in its manual, mend the cause, reset it"))
    return found
