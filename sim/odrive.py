"""An emulated ODrive on the simulated table: lines of text in and out, and the ways in which a real one fails.

Its watchdog disarms the axis and stays an error until it is cleared; a line with a wrong checksum is not answered; what
it does not know is answered in words; after a reset it is silent and has its stored configuration, and an incremental
encoder begins at 0. An encoder that gives nothing disarms the axis: the error is that of the vendor's package, the same
as for its watchdog.
"""

import math
from collections.abc import Callable
from typing import Final

from drivers.odrive import AxisState, Error, checksum
from safety.signals import Input
from sim import motor_drive
from sim.layout import (
    ACCEL_DPS2,
    AGE_S,
    BUS_V,
    CURRENT_A,
    DRIVE_TEMPERATURE_C,
    ENCODER_DEG,
    ENCODER_RATE_DPS,
    INPUTS,
    MODE,
    MOTOR_TEMPERATURE_C,
    RATE_DPS,
)
from sim.table import SimulatedTable
from sim.uart import Uart

TURNAROUND_MS: Final = 0.3
BOOT_MS: Final = 800.0
QUICK_DPS2: Final = 60.0
"""Passthrough: the velocity is followed as fast as the torque allows."""
HOT_C: Final = 90.0
LOGIC_V: Final = 8.0
KEPT_BYTES: Final = 512
SERIAL: Final = 0x3762_1A2B_3C4D
_OF_AN_AXIS: Final = ("v", "u", "f")
"""Commands that name the axis."""
_CHAIN: Final = int(Input.ESTOP_CHAIN)


class EmulatedODrive:
    """One drive with the table's motor on one axis, whose brake output holds the table's brake."""

    def __init__(
        self, table: SimulatedTable, baud: int, direction: int = 1, axis: int = 0, scale: float | None = None
    ) -> None:
        """Switch it on. The table runs with ``Inner.MOTOR_DRIVE``. ``scale``: turns in a degree, with another gear."""
        self.axis = axis
        """The number of its axis; it has no other."""
        self._name = f"axis{axis}"
        self.table = table
        self.uart = Uart(baud)
        self.scale = (turns_per_degree(table) if scale is None else scale) * direction
        self.turnaround_ms = TURNAROUND_MS
        self.read_only: set[str] = set()
        """What cannot be changed any more: the owner locked it."""
        self.errors = 0
        """Active errors."""
        table.settings[motor_drive.OFF_SHORTS] = 0.0
        self._readings: list[float] = table.readings.tolist()
        self._silent_until_ms = 0.0
        self._zero = self._position = 0.0
        self._start()

    def _start(self) -> None:
        self._rest = b""
        self._zero, self._position = self._turned(), 0.0
        self.errors = self.reason = 0
        self._settings = {
            f"{self._name}.config.watchdog_timeout": 0.0,
            f"{self._name}.config.enable_watchdog": 0.0,
            f"{self._name}.controller.config.input_mode": 1.0,
            f"{self._name}.config.motor.current_soft_max": self.table.parameters.motor.rated_current_a,
        }
        self._velocity_dps = 0.0
        self._state = int(AxisState.IDLE)
        self._apply()

    def reset(self) -> None:
        """Lose power for a moment."""
        self.uart.clear()
        self._silent_until_ms = self.table.now_ms + BOOT_MS
        self._start()

    def trip(self, error: int) -> None:
        """Fall into an error, which disarms the axis until it is cleared."""
        self.reason |= error
        self._disarm()

    def _turned(self) -> float:
        angle = self._readings[ENCODER_DEG]
        return self._position + self._zero if math.isnan(angle) else angle * self.scale

    def _disarm(self) -> None:
        self._state = int(AxisState.IDLE)
        self._apply()

    def _apply(self) -> None:
        """Hand over to the inner loop what is set."""
        table, settings = self.table, self._settings
        enabled = settings[f"{self._name}.config.enable_watchdog"] == 1.0
        table.settings[motor_drive.TIMEOUT_S] = settings[f"{self._name}.config.watchdog_timeout"] if enabled else 0.0
        order = table.order
        order[MODE] = motor_drive.FOLLOW if self._state == AxisState.CLOSED_LOOP_CONTROL else motor_drive.OFF
        order[RATE_DPS], order[ACCEL_DPS2] = self._velocity_dps, QUICK_DPS2
        order[motor_drive.LIMIT_A] = settings[f"{self._name}.config.motor.current_soft_max"]

    def advance(self, now_ms: float) -> None:
        """Take what has arrived by now, and answer it."""
        readings = self._readings = self.table.readings.tolist()
        if readings[BUS_V] < LOGIC_V:
            self.reset()
            return
        self._watch(readings)
        if self.uart.next_ms > now_ms:
            return
        data = self.uart.take(now_ms)
        if now_ms < self._silent_until_ms:
            return
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[-KEPT_BYTES:]
        behind = sum(len(line) + 1 for line in lines) + len(rest)
        for line in lines:
            behind -= len(line) + 1
            text, star, told = line.rpartition(b"*")
            if star and (not told.isdigit() or int(told) != checksum(text[:128])):
                continue
            answer = self._obey((text if star else line).decode("ascii", "replace").split())
            if answer:
                out = answer.encode()
                out += b"*%d\r\n" % checksum(out) if star else b"\r\n"
                self.uart.answer(out, behind, self.turnaround_ms)

    def _watch(self, readings: list[float]) -> None:
        active = 0
        if not int(readings[INPUTS]) & _CHAIN:
            active |= Error.ESTOP_REQUESTED
        if readings[DRIVE_TEMPERATURE_C] > HOT_C:
            active |= Error.INVERTER_OVER_TEMP
        if self.table.memory[motor_drive.UNDER_VOLTAGE] > 0.5:
            active |= Error.DC_BUS_UNDER_VOLTAGE
        self.errors = int(active)
        armed = self._state == AxisState.CLOSED_LOOP_CONTROL
        if armed and math.isnan(readings[ENCODER_DEG]):
            active |= Error.MISSING_ESTIMATE
        if armed and self.table.memory[motor_drive.TIMED_OUT] > 0.5:
            active |= Error.WATCHDOG_TIMER_EXPIRED
        if active and armed:
            self.trip(int(active))

    def _obey(self, words: list[str]) -> str:
        handlers: dict[str, Callable[[list[str]], str]] = {
            "v": self._take_velocity,
            "u": self._feed,
            "f": self._tell_feedback,
            "r": self._tell_property,
            "w": self._set_property,
            "sc": self._clear_errors,
        }
        if not words:
            return ""
        handler = handlers.get(words[0])
        if handler is None:
            return "unknown command"
        if words[0] in _OF_AN_AXIS and words[1:2] != [str(self.axis)]:
            return f"invalid motor {' '.join(words[1:2])}"
        return handler(words)

    def _feed(self, words: list[str]) -> str:  # noqa: ARG002 - one of the handlers
        self.table.order[AGE_S] = 0.0
        return ""

    def _take_velocity(self, words: list[str]) -> str:
        try:
            self._velocity_dps = float(words[2]) / self.scale
        except (IndexError, ValueError):
            return "invalid command format"
        if self._state == AxisState.CLOSED_LOOP_CONTROL:
            self.table.order[RATE_DPS] = self._velocity_dps
        return self._feed(words)

    def _tell_feedback(self, words: list[str]) -> str:  # noqa: ARG002 - one of the handlers
        rate = self._readings[ENCODER_RATE_DPS]
        self._position = self._turned() - self._zero
        return f"{self._position:f} {0.0 if math.isnan(rate) else rate * self.scale:f}"

    def _tell_property(self, words: list[str]) -> str:
        name = words[1] if len(words) == 2 else ""
        readings = self._readings
        measured: dict[str, float | int] = {
            "vbus_voltage": readings[BUS_V],
            f"{self._name}.motor.foc.Iq_measured": readings[CURRENT_A] * (1.0 if self.scale > 0.0 else -1.0),
            f"{self._name}.motor.fet_thermistor.temperature": readings[DRIVE_TEMPERATURE_C],
            f"{self._name}.motor.motor_thermistor.temperature": readings[MOTOR_TEMPERATURE_C],
            f"{self._name}.current_state": self._state,
            f"{self._name}.active_errors": self.errors,
            f"{self._name}.disarm_reason": self.reason,
            "fw_version_major": 0,
            "fw_version_minor": 6,
            "fw_version_revision": 11,
            "serial_number": SERIAL,
            f"{self._name}.config.enable_watchdog": int(self._settings[f"{self._name}.config.enable_watchdog"]),
            f"{self._name}.controller.config.input_mode": int(
                self._settings[f"{self._name}.controller.config.input_mode"]
            ),
        }
        value = measured.get(name, self._settings.get(name))
        if value is None:
            return "invalid property"
        return str(value) if isinstance(value, int) else f"{value:f}"

    def _set_property(self, words: list[str]) -> str:
        if len(words) != 3:
            return "invalid command format"
        name, value = words[1], float(words[2])
        if name == f"{self._name}.requested_state":
            closed = value == AxisState.CLOSED_LOOP_CONTROL and not self.errors and not self.reason
            self._state = int(AxisState.CLOSED_LOOP_CONTROL if closed else AxisState.IDLE)
            self._velocity_dps = 0.0
        elif name in self._settings:
            if name not in self.read_only:
                self._settings[name] = value
        else:
            return "invalid property"
        self._apply()
        return ""

    def _clear_errors(self, words: list[str]) -> str:  # noqa: ARG002 - one of the handlers
        self.reason = 0
        return ""


def turns_per_degree(table: SimulatedTable) -> float:
    """Turns of the motor in a degree of the table."""
    return table.parameters.gear.ratio / 360.0
