"""An emulated CiA 402 servo on Modbus RTU, on the simulated table, and the ways in which a real one fails.

It walks through the profile's states by its control word and refuses what they do not allow; a communication timeout is
a quick stop and then a fault, which only a reset clears; an encoder that gives nothing is a fault at once; a wrong CRC
and another unit are not answered; functions, addresses and values that it does not have are refused with an exception.
"""

import math
from typing import Final

from fastcrc.crc16 import modbus

from drivers.modbus import CRC_BYTES, READ_HOLDING, READ_WRITE_REGISTERS, REFUSED, WRITE_REGISTER, WRITE_REGISTERS
from drivers.servo import PROFILE_VELOCITY, Control, State
from drivers.servo_map import RegisterMap
from sim import motor_drive
from sim.layout import (
    ACCEL_DPS2,
    AGE_S,
    BUS_V,
    CURRENT_A,
    DRIVE_TEMPERATURE_C,
    ENCODER_DEG,
    ENCODER_RATE_DPS,
    MODE,
    RATE_DPS,
)
from sim.table import SimulatedTable
from sim.uart import Uart

COUNTS_PER_TURN: Final = 10_000
TURNAROUND_MS: Final = 1.0
BOOT_MS: Final = 1500.0
QUICK_STOP_DPS2: Final = 12.0
STANDS_DPS: Final = 0.1
HOT_C: Final = 90.0
LOGIC_V: Final = 10.0
_WORDS: Final = {
    State.NOT_READY: 0x0000,
    State.SWITCH_ON_DISABLED: 0x0040,
    State.READY_TO_SWITCH_ON: 0x0021,
    State.SWITCHED_ON: 0x0023,
    State.OPERATION_ENABLED: 0x0027,
    State.QUICK_STOP_ACTIVE: 0x0007,
    State.FAULT_REACTION_ACTIVE: 0x000F,
    State.FAULT: 0x0008,
}
_VOLTAGE_ENABLED: Final = 0x0010
_TRANSITIONS: Final[dict[tuple[State, int], State]] = {
    (State.SWITCH_ON_DISABLED, Control.SHUTDOWN): State.READY_TO_SWITCH_ON,
    (State.READY_TO_SWITCH_ON, Control.SWITCH_ON): State.SWITCHED_ON,
    (State.READY_TO_SWITCH_ON, Control.ENABLE_OPERATION): State.OPERATION_ENABLED,
    (State.SWITCHED_ON, Control.ENABLE_OPERATION): State.OPERATION_ENABLED,
    (State.SWITCHED_ON, Control.SHUTDOWN): State.READY_TO_SWITCH_ON,
    (State.OPERATION_ENABLED, Control.SWITCH_ON): State.SWITCHED_ON,
    (State.OPERATION_ENABLED, Control.SHUTDOWN): State.READY_TO_SWITCH_ON,
    (State.OPERATION_ENABLED, Control.QUICK_STOP): State.QUICK_STOP_ACTIVE,
}
HEAT_ERROR: Final = 0x4210
SUPPLY_ERROR: Final = 0x3220
ENCODER_ERROR: Final = 0x7305
"""The profile's code (IEC 61800-7-201) for an incremental sensor that failed."""


class EmulatedServo:
    """One servo with the table's motor, whose brake output holds the table's brake."""

    def __init__(
        self,
        table: SimulatedTable,
        baud: int,
        registers: RegisterMap,
        unit: int = 1,
        direction: int = 1,
        scale: float | None = None,
    ) -> None:
        """Switch it on. The table runs with ``Inner.MOTOR_DRIVE``; its encoder is absolute.

        ``scale``: counts in a degree, of another encoder.
        """
        self.table = table
        self.uart = Uart(baud)
        self.map = registers
        self.unit = unit
        self.scale = (counts_per_degree(table) if scale is None else scale) * direction
        self.turnaround_ms = TURNAROUND_MS
        self.keeps_timeout = True
        self.refuses_mode = False
        self.most_velocity = round(12.0 * abs(self.scale) / registers.velocity)
        """A target beyond this is refused with exception 3."""
        self._readings: list[float] = table.readings.tolist()
        self._silent_until_ms = 0.0
        table.settings[motor_drive.OFF_SHORTS] = 0.0
        table.settings[motor_drive.TIMEOUT_DPS2] = QUICK_STOP_DPS2
        self._start()

    def _start(self) -> None:
        self.state = State.SWITCH_ON_DISABLED
        self.error = 0
        self._mode = self._timeout = 0
        self._command: dict[str, int] = {}
        self._control = 0
        self._set_timeout(0)
        self.table.order[MODE] = motor_drive.OFF

    def reset(self) -> None:
        """Lose power for a moment."""
        self.uart.clear()
        self._silent_until_ms = self.table.now_ms + BOOT_MS
        self._start()

    def trip(self, error: int) -> None:
        """Fall into a fault, which stays until it is reset."""
        self.error = error
        self._enter(State.FAULT)

    def _set_timeout(self, steps: int) -> None:
        self._timeout = steps
        self.table.settings[motor_drive.TIMEOUT_S] = steps * self.map.timeout_unit_s

    def advance(self, now_ms: float) -> None:
        """Take what has arrived by now, and answer it."""
        readings = self._readings = self.table.readings.tolist()
        if readings[BUS_V] < LOGIC_V:
            self.reset()
            return
        if self.state != State.FAULT:
            self._watch(readings)
        if self.uart.next_ms > now_ms:
            return
        data = self.uart.take(now_ms)
        if now_ms < self._silent_until_ms or len(data) < 4 or data[0] != self.unit or modbus(data):
            return
        self.table.order[AGE_S] = 0.0
        body = self._answer(data[1], data[2:-CRC_BYTES])
        self.uart.answer(body + modbus(body).to_bytes(CRC_BYTES, "little"), 0, self.turnaround_ms)

    def _watch(self, readings: list[float]) -> None:
        if readings[DRIVE_TEMPERATURE_C] > HOT_C:
            self.trip(HEAT_ERROR)
        elif self.table.memory[motor_drive.UNDER_VOLTAGE] > 0.5:
            self.trip(SUPPLY_ERROR)
        elif math.isnan(readings[ENCODER_DEG]):
            self.trip(ENCODER_ERROR)
        elif self.table.memory[motor_drive.TIMED_OUT] > 0.5 and self.state == State.OPERATION_ENABLED:
            # The inner loop is on its quick stop; the fault comes when it stands.
            self.error = self.map.timeout_fault
            self.state = State.FAULT_REACTION_ACTIVE
        stands = self.table.memory[motor_drive.TORQUE_ON] < 0.5 or abs(readings[ENCODER_RATE_DPS]) < STANDS_DPS
        if self.state == State.FAULT_REACTION_ACTIVE and stands:
            self._enter(State.FAULT)  # the reaction ends by itself, whatever is heard meanwhile
        if self.state == State.QUICK_STOP_ACTIVE and abs(readings[ENCODER_RATE_DPS]) < STANDS_DPS:
            self._enter(State.SWITCH_ON_DISABLED)

    def _answer(self, function: int, data: bytes) -> bytes:
        words = [int.from_bytes(data[at : at + 2], "big") for at in range(0, 4, 2)]
        if function == READ_HOLDING:
            found = self._read(*words)
            return self._refusal(function, 2) if found is None else self._counted(function, found)
        if function == WRITE_REGISTER:
            refusal = self._write(words[0], [words[1]])
            return self._refusal(function, refusal) if refusal else bytes((self.unit, function)) + data
        if function == WRITE_REGISTERS:
            refusal = self._write(words[0], _words(data[5:]))
            return self._refusal(function, refusal) if refusal else bytes((self.unit, function)) + data[:4]
        if function == READ_WRITE_REGISTERS:
            refusal = self._write(int.from_bytes(data[4:6], "big"), _words(data[9:]))
            found = self._read(*words)
            if refusal or found is None:
                return self._refusal(function, refusal or 2)
            return self._counted(function, found)
        return self._refusal(function, 1)

    def _refusal(self, function: int, code: int) -> bytes:
        return bytes((self.unit, function | REFUSED, code))

    def _counted(self, function: int, words: list[int]) -> bytes:
        return bytes((self.unit, function, 2 * len(words))) + b"".join(word.to_bytes(2, "big") for word in words)

    def _read(self, address: int, count: int) -> list[int] | None:
        registers = self.map
        if address == registers.feedback.address and count <= registers.feedback.registers:
            return registers.pack(registers.feedback, self._feedback())[:count]
        single = {registers.mode_at: self._mode, registers.timeout_at: self._timeout}
        return [single[address]] if count == 1 and address in single else None

    def _write(self, address: int, words: list[int]) -> int:
        """Write; gives the exception, or 0."""
        registers = self.map
        if address == registers.mode_at and len(words) == 1:
            self._mode = 0 if self.refuses_mode else words[0]
        elif address == registers.timeout_at and len(words) == 1:
            self._set_timeout(words[0] if self.keeps_timeout else 0)
        elif address == registers.command.address and len(words) == 1:
            self._control_by(words[0])
        elif address == registers.command.address and len(words) == registers.command.registers:
            command = registers.unpack(registers.command, words)
            if abs(command["target_velocity"]) > self.most_velocity:
                return 3
            self._command = command
            self._control_by(command["control_word"])
        else:
            return 2
        return 0

    def _control_by(self, word: int) -> None:
        before, self._control = self._control, word
        if self.state == State.FAULT:
            if word & Control.FAULT_RESET and not before & Control.FAULT_RESET:
                self.error = 0
                self._enter(State.SWITCH_ON_DISABLED)
            return
        if self.state == State.FAULT_REACTION_ACTIVE:
            return
        if word & 0x02 == 0 and word & 0x80 == 0:  # voltage is not enabled: every state falls back at once
            self._enter(State.SWITCH_ON_DISABLED)
            return
        following = _TRANSITIONS.get((self.state, word))
        if following is not None and (following != State.OPERATION_ENABLED or self._mode == PROFILE_VELOCITY):
            self._enter(following)
        elif self.state == State.OPERATION_ENABLED:
            self._follow()

    def _enter(self, state: State) -> None:
        self.state = state
        order = self.table.order
        if state == State.OPERATION_ENABLED:
            self._follow()
        elif state == State.QUICK_STOP_ACTIVE:
            order[RATE_DPS], order[ACCEL_DPS2] = 0.0, QUICK_STOP_DPS2
        else:
            order[MODE] = motor_drive.OFF

    def _follow(self) -> None:
        order, command, registers = self.table.order, self._command, self.map
        order[MODE] = motor_drive.FOLLOW
        order[RATE_DPS] = command.get("target_velocity", 0) * registers.velocity / self.scale
        order[ACCEL_DPS2] = command.get("profile_acceleration", 0) * registers.acceleration / abs(self.scale)
        limit = command.get("torque_limit", 1000) * registers.torque_limit
        order[motor_drive.LIMIT_A] = limit * self.table.parameters.motor.rated_current_a

    def _feedback(self) -> dict[str, int]:
        readings, registers = self._readings, self.map
        rate, angle = readings[ENCODER_RATE_DPS], readings[ENCODER_DEG]
        side = 1.0 if self.scale > 0.0 else -1.0
        return {
            "status_word": _WORDS[self.state] | _VOLTAGE_ENABLED,
            "velocity": 0 if math.isnan(rate) else round(rate * self.scale / registers.velocity),
            "position": 0 if math.isnan(angle) else round(angle * self.scale),
            "current": round(readings[CURRENT_A] / registers.current_a * side),
            "error_code": self.error,
            "bus_voltage": round(readings[BUS_V] / registers.bus_v),
            "temperature": round(readings[DRIVE_TEMPERATURE_C] / registers.temperature_c),
            "timeout": self._timeout,
        }


def _words(data: bytes) -> list[int]:
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data) - 1, 2)]


def counts_per_degree(table: SimulatedTable) -> float:
    """Counts of the servo's position in a degree of the table."""
    return COUNTS_PER_TURN * table.parameters.gear.ratio / 360.0
