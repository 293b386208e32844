"""An emulated RoboClaw on the simulated table: packet serial in and out, and the ways in which a real one fails.

It answers nothing to a wrong CRC, an unknown command or another address; forgets half a packet after a gap; stops the
motor when its serial timeout runs out; latches errors; and after a reset it is silent for a while, counts from 0 and
has the settings of its permanent memory again.
"""

import math
from typing import Final

from fastcrc.crc16 import xmodem

from drivers.roboclaw import (
    ACK,
    ANSWERS,
    CRC_BYTES,
    CURRENT_STEP_A,
    DUTY_MOST,
    ERRORS,
    SETTINGS,
    TIMEOUT_STEP_S,
    Command,
    Error,
)
from safety.signals import Input
from sim import motor_drive
from sim.layout import (
    ACCEL_DPS2,
    AGE_S,
    BUS_V,
    CURRENT_A,
    DRIVE_TEMPERATURE_C,
    DUTY,
    ENCODER_DEG,
    ENCODER_RATE_DPS,
    INPUTS,
    MODE,
    RATE_DPS,
)
from sim.table import SimulatedTable
from sim.uart import Uart

PACKET_GAP_MS: Final = 10.0
TURNAROUND_MS: Final = 0.2
BOOT_MS: Final = 500.0
TIMEOUT_DPS2: Final = 12.0
"""The ramp of the stop when the timeout runs out: the default deceleration that its page asks for."""
HOT_C: Final = 85.0
TOO_HOT_C: Final = 100.0
LOGIC_V: Final = 6.0
KEPT_BYTES: Final = 256
_ESTOP: Final = int(Error.ESTOP)
_HOT: Final = int(Error.TEMPERATURE)
_CHAIN: Final = int(Input.ESTOP_CHAIN)
VERSION: Final = b"USB Roboclaw 2x15a v4.2.4\n\0"


class EmulatedRoboClaw:
    """One controller with the table's motor on channel 1."""

    def __init__(
        self,
        table: SimulatedTable,
        baud: int,
        address: int = 0x80,
        direction: int = 1,
        scale: float | None = None,
    ) -> None:
        """Switch it on. The table runs with ``Inner.MOTOR_DRIVE``. ``scale``: counts a degree, of another encoder."""
        self.table = table
        self.uart = Uart(baud)
        self.address = address
        self.scale = (counts_per_degree(table) if scale is None else scale) * direction
        self.direction = direction
        self.turnaround_ms = TURNAROUND_MS
        """How long it takes to answer; more is a slow one."""
        self.queues = True
        """False: what comes before the last answer is out is lost."""
        self.keeps_timeout = True
        """False: a firmware that accepts a timeout and does not keep it."""
        self.stored_timeout = 0
        """In its permanent memory, in steps of 0.1 s."""
        self.errors = 0
        """Bits of ``Error`` that are latched."""
        self._hot = 0
        """By the vendor's table of its error lights the motor freewheels while it is too hot, and no longer."""
        self.pid = (65536, 32768, 0, int(abs(self.scale) * 12.0))
        """P, I, D and counts/s at full duty."""
        self.pins = (0, 1, 0, 0, 0)
        """Functions of S3, S4, S5, and of two outputs: S4 is the emergency stop."""
        table.settings[motor_drive.TIMEOUT_DPS2] = TIMEOUT_DPS2
        self._silent_until_ms = 0.0
        self._readings: list[float] = table.readings.tolist()
        self._count = self._zero = 0
        self._start()

    def _start(self) -> None:
        self._rest = b""
        self._heard_ms = -math.inf
        self._zero, self._count = self._counted(), 0
        self._set_timeout(self.stored_timeout)
        self._limit = round(self.table.parameters.motor.rated_current_a / CURRENT_STEP_A)
        self._off()

    def reset(self) -> None:
        """Lose power for a moment."""
        self.errors = 0
        self.uart.clear()
        self._silent_until_ms = self.table.now_ms + BOOT_MS
        self._start()

    def _counted(self) -> int:
        angle = self._readings[ENCODER_DEG]
        return self._count + self._zero if math.isnan(angle) else round(angle * self.scale)

    def _set_timeout(self, steps: int) -> None:
        self._timeout = steps
        self.table.settings[motor_drive.TIMEOUT_S] = steps * TIMEOUT_STEP_S

    def _off(self) -> None:
        self.table.order[MODE] = motor_drive.OFF

    def advance(self, now_ms: float) -> None:
        """Take what has arrived by now, and answer it."""
        table = self.table
        readings = self._readings = table.readings.tolist()
        if readings[BUS_V] < LOGIC_V:
            self.reset()
            return
        self._watch(readings)
        data = self.uart.take(now_ms) if self.uart.next_ms <= now_ms else b""
        if not data or now_ms < self._silent_until_ms:
            return
        if now_ms - self._heard_ms - len(data) * self.uart.byte_ms > PACKET_GAP_MS:
            self._rest = b""
        self._heard_ms = now_ms
        self._rest = (self._rest + data)[-KEPT_BYTES:]
        while self._rest:
            answer, used = self._packet(self._rest)
            if used == 0:
                return
            self._rest = self._rest[used:]
            if answer:
                self.table.order[AGE_S] = 0.0
                self.uart.answer(answer, len(self._rest), self.turnaround_ms)
                if not self.queues:
                    self._rest = b""

    def _watch(self, readings: list[float]) -> None:
        before = self.errors | self._hot
        self._hot = _HOT if readings[DRIVE_TEMPERATURE_C] > TOO_HOT_C else 0
        if not int(readings[INPUTS]) & _CHAIN:
            self.errors |= _ESTOP
        elif before & _ESTOP:
            self.errors &= ~_ESTOP  # set up to come back by itself once the chain is closed
            self._off()
        now = self.errors | self._hot
        if now != before or now:
            self.table.memory[motor_drive.BLOCKED] = 1.0 if now & ERRORS else 0.0

    def _packet(self, data: bytes) -> tuple[bytes, int]:
        """Give the answer to the packet at the beginning, and its length; 0 while it is not whole."""
        if data[0] != self.address:
            return b"", 1
        if len(data) < 2:
            return b"", 0
        command = data[1]
        shape = SETTINGS.get(command)
        if shape is None:
            return self._read(command), 2
        end = 2 + shape.size + CRC_BYTES
        if len(data) < end:
            return b"", 0
        if xmodem(data[:end]):
            return b"", len(data)  # a wrong CRC: nothing is answered, and what came with it is lost
        self._obey(command, shape.unpack_from(data, 2))
        return bytes((ACK,)), end

    def _read(self, command: int) -> bytes:
        head = bytes((self.address, command))
        if command == Command.GET_VERSION:
            body = VERSION
        elif command in ANSWERS:
            body = ANSWERS[command].pack(*self._values(command))
        else:
            return b""
        return body + xmodem(head + body).to_bytes(CRC_BYTES, "big")

    def _values(self, command: int) -> tuple[int, ...]:
        readings = self._readings
        if command == Command.GET_ENCODER:
            self._count = self._counted() - self._zero
            return self._wrapped(self._count), 0
        if command == Command.GET_RAW_SPEED:
            rate = readings[ENCODER_RATE_DPS]
            speed = 0 if math.isnan(rate) else round(rate * self.scale)
            return speed, 1 if speed < 0 else 0
        if command == Command.GET_PWMS:
            return round(float(self.table.drive[DUTY]) * DUTY_MOST) * self.direction, 0
        if command == Command.GET_CURRENTS:
            duty, current = float(self.table.drive[DUTY]), readings[CURRENT_A]
            return round((current if duty >= 0.0 else -current) / CURRENT_STEP_A), 0
        if command == Command.GET_MAIN_VOLTAGE:
            return (round(readings[BUS_V] * 10.0),)
        if command == Command.GET_TEMPERATURE:
            return (round(readings[DRIVE_TEMPERATURE_C] * 10.0),)
        if command == Command.GET_TIMEOUT:
            return (self._timeout,)
        if command == Command.GET_VELOCITY_PID:
            return self.pid
        if command == Command.GET_MAX_CURRENT:
            return self._limit, 0
        if command == Command.GET_PINS:
            return self.pins
        return (self._status(),)

    def _status(self) -> int:
        status = self.errors | self._hot
        if self.table.memory[motor_drive.UNDER_VOLTAGE] > 0.5:
            status |= Error.MAIN_LOW
        if self._readings[DRIVE_TEMPERATURE_C] > HOT_C:
            status |= Error.WARN_TEMPERATURE
        return status

    @staticmethod
    def _wrapped(count: int) -> int:
        return (count + 2**31) % 2**32 - 2**31

    def _obey(self, command: int, values: tuple[int, ...]) -> None:
        order = self.table.order
        if command == Command.SET_TIMEOUT:
            self._set_timeout(values[0] if self.keeps_timeout else self.stored_timeout)
        elif command == Command.DUTY:
            self._off()  # the only duty that is ever sent is 0
        elif command == Command.SET_MAX_CURRENT:
            self._limit = values[0]
        elif command == Command.RESET_ESTOP:
            self.errors &= ~Error.ESTOP
        elif command == Command.SPEED_ACCEL:
            accel, speed = values
            most = self.pid[3]
            order[MODE] = motor_drive.FOLLOW
            order[RATE_DPS] = min(max(speed, -most), most) / self.scale
            order[ACCEL_DPS2] = accel / abs(self.scale)
            order[motor_drive.LIMIT_A] = self._limit * CURRENT_STEP_A


def counts_per_degree(table: SimulatedTable) -> float:
    """Edges of the motor's encoder in a degree of the table."""
    parameters = table.parameters
    return parameters.sensors.encoder_counts_per_turn * parameters.gear.ratio / 360.0
