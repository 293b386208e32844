"""An emulated VESC on the simulated table: packets in, packets out, and the ways in which a real one fails.

It releases the motor when its timeout runs out, and below the least speed of its speed control; a fault stops it for a
while; it answers nothing to a wrong CRC; after a reset it is silent, and its tachometer begins at 0. An encoder that
gives nothing is a fault (``encoder_check_faults`` in ``encoder.c`` of the published firmware); with Hall sensors a real
one would go on without them (``foc_correct_hall`` in ``foc_math.c``). The ramp of its speed control begins at the rate
at which the motor turns (``mcpwm_foc_set_pid_speed`` in ``mcpwm_foc.c``).
"""

import math
from struct import Struct
from typing import Final

from drivers.vesc import APP_CONFIG, ERPM_PER_STEP_S, TIMED_OUT, VALUES, Command, Deframer, Fault, encode_packet
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
    MOTOR_TEMPERATURE_C,
    RATE_DPS,
)
from sim.table import SimulatedTable
from sim.uart import Uart

POLE_PAIRS: Final = 7
STEPS_PER_ELECTRICAL_TURN: Final = 6
TURNAROUND_MS: Final = 0.3
BOOT_MS: Final = 700.0
FAULT_MS: Final = 500.0
RAMP_DPS2: Final = 30.0
"""The speed ramp of the motor configuration: it has none of the order."""
HOT_C: Final = 85.0
LOGIC_V: Final = 6.0
UUID: Final = bytes.fromhex("2a0b8c3d4e5f60718293a4b5")
SIGNATURE: Final = 2_099_347_128
CONFIG_BYTES: Final = 420
_REQUEST: Final = Struct(">BI")
_ORDER: Final = Struct(">Bi")


class EmulatedVesc:
    """One controller with the table's motor."""

    def __init__(
        self,
        table: SimulatedTable,
        baud: int,
        direction: int = 1,
        timeout_ms: int = 200,
        scale: float | None = None,
    ) -> None:
        """Switch it on. The table runs with ``Inner.MOTOR_DRIVE``. ``scale``: steps in a degree, of another motor."""
        self.table = table
        self.uart = Uart(baud)
        self.scale = (steps_per_degree(table) if scale is None else scale) * direction
        self.timeout_ms = timeout_ms
        self.least_erpm = 100.0
        """Below this order the speed control lets the motor go."""
        self.has_status = True
        """False: firmware before 6, whose values lack the status byte."""
        self.turnaround_ms = TURNAROUND_MS
        self.fault = 0
        self._fault_until_ms = -1.0
        self._silent_until_ms = 0.0
        table.settings[motor_drive.TIMEOUT_S] = timeout_ms / 1e3
        table.settings[motor_drive.BRAKE_OUTPUT] = table.settings[motor_drive.OFF_SHORTS] = 0.0
        table.settings[motor_drive.TAKES_OVER] = 1.0
        self._deframer = Deframer()
        self._readings: list[float] = table.readings.tolist()
        self._steps = self._zero = 0
        self._start()

    def _start(self) -> None:
        self._deframer.clear()
        self._zero, self._steps = self._counted(), 0
        self.fault = 0
        self._let_go()

    def reset(self) -> None:
        """Lose power for a moment."""
        self.uart.clear()
        self._silent_until_ms = self.table.now_ms + BOOT_MS
        self._start()

    def trip(self, fault: int) -> None:
        """Fall into a fault, which stops the motor for ``FAULT_MS`` after its cause is gone."""
        self.fault = fault
        self._fault_until_ms = self.table.now_ms + FAULT_MS

    def _counted(self) -> int:
        angle = self._readings[ENCODER_DEG]
        return self._steps + self._zero if math.isnan(angle) else round(angle * self.scale)

    def _let_go(self) -> None:
        self.table.order[MODE] = motor_drive.OFF

    def advance(self, now_ms: float) -> None:
        """Take what has arrived by now, and answer it."""
        readings = self._readings = self.table.readings.tolist()
        if readings[BUS_V] < LOGIC_V:
            self.reset()
            return
        self._watch(readings, now_ms)
        if self.uart.next_ms > now_ms:
            return
        data = self.uart.take(now_ms)
        if now_ms < self._silent_until_ms:
            return
        for payload in self._deframer.feed(data):
            answer = self._obey(payload)
            if answer:
                self.uart.reply(encode_packet(answer), now_ms + self.turnaround_ms)

    def _watch(self, readings: list[float], now_ms: float) -> None:
        if readings[DRIVE_TEMPERATURE_C] > HOT_C:
            self.trip(Fault.OVER_TEMPERATURE_STAGE)
        elif math.isnan(readings[ENCODER_DEG]):
            self.trip(Fault.ENCODER_SPI)
        elif self.table.memory[motor_drive.UNDER_VOLTAGE] > 0.5:
            self.trip(Fault.UNDER_VOLTAGE)
        if self.fault and now_ms > self._fault_until_ms:
            self.fault = 0
        self.table.memory[motor_drive.BLOCKED] = 1.0 if self.fault else 0.0

    def _obey(self, payload: bytes) -> bytes:
        command = payload[0]
        if command == Command.FIRMWARE:
            return bytes((command, 6, 5)) + b"410\0" + UUID + bytes(4)
        if command == Command.GET_APP_CONFIG:
            return APP_CONFIG.pack(command, SIGNATURE, 1, self.timeout_ms).ljust(CONFIG_BYTES, b"\0")
        if command == Command.GET_VALUES_SELECTIVE and len(payload) == _REQUEST.size:
            return self._values(_REQUEST.unpack(payload)[1])
        if len(payload) == _ORDER.size:
            self._take_order(command, _ORDER.unpack(payload)[1])
        return b""

    def _take_order(self, command: int, value: int) -> None:
        order = self.table.order
        if command == Command.SET_RPM and abs(value) >= self.least_erpm:
            self._follow(value / ERPM_PER_STEP_S / self.scale)
        elif command == Command.SET_HANDBRAKE:
            order[motor_drive.LIMIT_A] = value / 1e3
            self._follow(0.0)
        elif command in (Command.SET_RPM, Command.SET_CURRENT, Command.SET_CURRENT_BRAKE):
            self._let_go()  # no current but 0 is ever asked for
        else:
            return
        order[AGE_S] = 0.0

    def _follow(self, rate_dps: float) -> None:
        order = self.table.order
        order[MODE], order[RATE_DPS], order[ACCEL_DPS2] = motor_drive.FOLLOW, rate_dps, RAMP_DPS2

    def _values(self, mask: int) -> bytes:
        readings = self._readings
        rate = readings[ENCODER_RATE_DPS]
        self._steps = self._counted() - self._zero
        values = VALUES.pack(
            Command.GET_VALUES_SELECTIVE,
            mask,
            round(readings[DRIVE_TEMPERATURE_C] * 10.0),
            round(readings[MOTOR_TEMPERATURE_C] * 10.0),
            round(readings[CURRENT_A] * 100.0) * (1 if self.scale > 0.0 else -1),
            0 if math.isnan(rate) else round(rate * self.scale * ERPM_PER_STEP_S),
            round(readings[BUS_V] * 10.0),
            self._steps,
            self.fault,
        )
        # What the host asks for besides, by which it knows an old answer: position of the loop, and the number.
        values += b"".join(part for bit, part in ((1 << 16, bytes(4)), (1 << 17, b"\1")) if mask & bit)
        if not self.has_status:
            return values
        return values + bytes((TIMED_OUT if self.table.memory[motor_drive.TIMED_OUT] > 0.5 else 0,))


def steps_per_degree(table: SimulatedTable) -> float:
    """Steps of the tachometer in a degree of the table."""
    return STEPS_PER_ELECTRICAL_TURN * POLE_PAIRS * table.parameters.gear.ratio / 360.0
