"""ODrive over its ASCII protocol with checksums: lines of text, and its ``drivers.dialogue``.

A line is a command, ``*`` and its checksum: all bytes before the ``*``, each exclusive-or the next, in decimal. A line
whose checksum is wrong is not answered; an answer to a line with a checksum has one too. What is set is not answered at
all. Velocities are in turns of the motor a second.

Source: ODrive's documentation of the ASCII protocol (its example is ``r vbus_voltage *93``) for firmware 0.6; the
numbers of states and errors are those of the vendor's package ``odrive`` 0.6.11.
"""

from enum import IntEnum, IntFlag
from typing import Final

from drivers.dialogue import LONGEST_TIMEOUT_S, DriveSetup, Order, Reading
from safety.signals import DriveFault, Input

LONGEST_LINE: Final = 128
KEPT_BYTES: Final = 4 * LONGEST_LINE
CURRENT_KEPT: Final = 3
"""A current that was not read again for so many exchanges is of another time."""


class AxisState(IntEnum):
    """The states of an axis that are used here."""

    IDLE = 1
    CLOSED_LOOP_CONTROL = 8


class InputMode(IntEnum):
    """How the controller treats what it is told."""

    PASSTHROUGH = 1


class Error(IntFlag):
    """Bits of ``active_errors`` and ``disarm_reason``."""

    INITIALIZING = 0x0000_0001
    SYSTEM_LEVEL = 0x0000_0002
    TIMING_ERROR = 0x0000_0004
    MISSING_ESTIMATE = 0x0000_0008
    BAD_CONFIG = 0x0000_0010
    DRV_FAULT = 0x0000_0020
    MISSING_INPUT = 0x0000_0040
    DC_BUS_OVER_VOLTAGE = 0x0000_0100
    DC_BUS_UNDER_VOLTAGE = 0x0000_0200
    DC_BUS_OVER_CURRENT = 0x0000_0400
    DC_BUS_OVER_REGEN_CURRENT = 0x0000_0800
    CURRENT_LIMIT_VIOLATION = 0x0000_1000
    MOTOR_OVER_TEMP = 0x0000_2000
    INVERTER_OVER_TEMP = 0x0000_4000
    VELOCITY_LIMIT_VIOLATION = 0x0000_8000
    POSITION_LIMIT_VIOLATION = 0x0001_0000
    REQUESTED_CURRENT_TOO_HIGH = 0x0002_0000
    WATCHDOG_TIMER_EXPIRED = 0x0100_0000
    ESTOP_REQUESTED = 0x0200_0000
    SPINOUT_DETECTED = 0x0400_0000
    BRAKE_RESISTOR_DISARMED = 0x0800_0000
    THERMISTOR_DISCONNECTED = 0x1000_0000
    CALIBRATION_ERROR = 0x4000_0000


_ESTOP: Final = int(Error.ESTOP_REQUESTED)
_WATCHDOG: Final = int(Error.WATCHDOG_TIMER_EXPIRED)
_FAULTS: Final = (
    (int(Error.DC_BUS_UNDER_VOLTAGE), DriveFault.UNDERVOLTAGE),
    (
        int(Error.DC_BUS_OVER_CURRENT | Error.CURRENT_LIMIT_VIOLATION | Error.REQUESTED_CURRENT_TOO_HIGH),
        DriveFault.OVERCURRENT,
    ),
    (int(Error.MOTOR_OVER_TEMP | Error.INVERTER_OVER_TEMP), DriveFault.OVERTEMPERATURE),
    (int(Error.MISSING_ESTIMATE | Error.SPINOUT_DETECTED), DriveFault.ENCODER),
)
_NAMED: Final = sum(bits for bits, _ in _FAULTS) | _ESTOP | _WATCHDOG
"""Every error that is not named is a power stage that does not turn the motor."""


def checksum(text: bytes) -> int:
    """All bytes, each exclusive-or the next. ``text`` has at most ``LONGEST_LINE`` bytes."""
    folded = int.from_bytes(text, "little")
    folded ^= folded >> 512
    folded ^= folded >> 256
    folded ^= folded >> 128
    folded ^= folded >> 64
    folded ^= folded >> 32
    folded ^= folded >> 16
    return (folded ^ folded >> 8) & 0xFF


def encode_line(text: str) -> bytes:
    """Give a line with its checksum. Raises ``ValueError`` for one that is too long."""
    body = text.encode("ascii") + b" "
    if len(body) > LONGEST_LINE:
        raise ValueError(f"a line of {len(body)} bytes is too long; at most {LONGEST_LINE}")
    return b"%b*%d\n" % (body, checksum(body))


def encode_velocity(axis: int, turns_per_s: float) -> bytes:
    """Give the order that is sent in every exchange."""
    body = b"v %d %.4f 0 " % (axis, turns_per_s)
    return b"%b*%d\n" % (body, checksum(body))


class LineReader:
    """Cuts a stream of bytes into answers whose checksum is right."""

    __slots__ = ("_rest", "corrupted", "frames")

    def __init__(self) -> None:
        self._rest = b""
        self.frames = 0
        self.corrupted = 0

    def clear(self) -> None:
        """Forget half a line."""
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes; give the text of the answers that they complete, in order; empty for one that is wrong."""
        *lines, rest = (self._rest + data if self._rest else data).split(b"\n")
        self._rest = rest[-KEPT_BYTES:]
        return [self._line(line) for line in lines]

    def _line(self, line: bytes) -> bytes:
        text, star, told = line.rstrip(b"\r").rpartition(b"*")
        right = star and len(text) <= LONGEST_LINE and told.isdigit() and len(told) <= 3
        if not right or int(told) != checksum(text):
            self.corrupted += 1
            return b""
        self.frames += 1
        return text.strip()


def number(text: bytes) -> float | None:
    """A number as the drive writes it; None for anything else, infinity and NaN too."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if -1e15 < value < 1e15 else None  # written so that NaN fails it


class ODrive:
    """The dialogue with one axis."""

    def __init__(self, setup: DriveSetup) -> None:
        self._setup = setup
        self._axis = setup.address
        self._reader = LineReader()
        self._expected: list[str] = []
        self._values: dict[str, float] = {}
        self._feedback: tuple[float, float] | None = None
        self._broken = False
        self._order: Order | None = None
        self._limit_a: float | None = None
        self._turn = 0
        self._current_turn = 0
        """The exchange in which the current was read."""
        self._step = 0
        self._requests: dict[str, bytes] = {}
        axis = f"axis{self._axis}"
        self._state_name = f"{axis}.current_state"
        self._current_name = f"{axis}.motor.foc.Iq_measured"
        self._active_name, self._reason_name = f"{axis}.active_errors", f"{axis}.disarm_reason"
        self._stage_name = f"{axis}.motor.fet_thermistor.temperature"
        self._motor_name = f"{axis}.motor.motor_thermistor.temperature"
        self._whole = (self._state_name, self._active_name, self._reason_name)
        self._turns = tuple(
            name
            for other in (self._active_name, "vbus_voltage", self._reason_name, self._stage_name, self._motor_name)
            for name in (self._current_name, other)
        )
        self.identity = (0, (0, 0, 0))
        self.timeout_s: float | None = None
        self.problem: str | None = None
        self.identified = False
        self.was_reset = False

    @property
    def frames(self) -> int:
        """Lines that were right."""
        return self._reader.frames

    @property
    def corrupted(self) -> int:
        """Lines that were wrong."""
        return self._reader.corrupted

    @property
    def waiting(self) -> bool:
        """Tell whether an answer is still to come."""
        return bool(self._expected)

    def begin(self) -> None:
        """Forget the drive; identify it anew."""
        self.give_up()
        self._values.clear()
        self._step = 0
        self._limit_a = None
        self.timeout_s, self.identified, self.was_reset = None, False, False

    def ask(self, order: Order) -> bytes:
        """Give the next step of the identification, or an exchange with the order in it."""
        self._reader.clear()
        self._expected.clear()
        self._feedback, self._broken = None, False
        if not self.identified:
            self._order = None
            return self._identify()
        self._order = order
        self._turn += 1
        stopped = order.torque and self._values.get(self._state_name) != AxisState.CLOSED_LOOP_CONTROL
        names = [self._state_name, self._reason_name if stopped else self._turns[self._turn % len(self._turns)]]
        # An answer does not say what it answers: where position and velocity stand tells a late one from this one's.
        names.insert(self._turn % 3, "f")
        return self._told(order) + b"".join(self._read(name) for name in names)

    def more(self) -> bytes:
        """All is sent at once."""
        return b""

    def feed(self, data: bytes) -> None:
        """Take bytes from the drive."""
        for text in self._reader.feed(data):
            if not self._expected or self._broken:
                continue
            if text and self._take(self._expected[0], text):
                self._expected.pop(0)
            else:
                self._broken = True  # which answers are missing is not known: wait until the time is over
        if not self._expected and not self.identified:
            self._judge()

    def take(self) -> Reading | None:
        """Give what the exchange that just ended measured."""
        order, feedback, values, setup = self._order, self._feedback, self._values, self._setup
        if order is None or feedback is None:
            return None
        position, velocity = feedback
        errors = int(values.get(self._active_name, 0.0)) | int(values.get(self._reason_name, 0.0))
        fresh = self._turn - self._current_turn <= CURRENT_KEPT
        current = values.get(self._current_name) if fresh else None
        faults = 0
        if errors:
            faults = DriveFault.DRIVER if errors & ~_NAMED else 0
            for bits, fault in _FAULTS:
                if errors & bits:
                    faults |= fault
        return Reading(
            position,
            velocity / setup.scale * setup.direction,
            None if current is None else current * setup.direction,
            values.get("vbus_voltage"),
            values.get(self._stage_name),
            values.get(self._motor_name),
            faults,
            values.get(self._state_name) == AxisState.CLOSED_LOOP_CONTROL,
            0 if int(values.get(self._active_name, 0.0)) & _ESTOP else Input.ESTOP_CHAIN,
            timed_out=bool(errors & _WATCHDOG),
        )

    def give_up(self) -> None:
        """Forget the request whose answer did not come."""
        self._expected.clear()
        self._reader.clear()
        self._feedback = None
        self._limit_a = None

    def _read(self, name: str) -> bytes:
        """Ask for a property, or with ``f`` for position and velocity."""
        self._expected.append(name)
        line = self._requests.get(name)
        if line is None:
            line = self._requests[name] = encode_line(f"f {self._axis}" if name == "f" else f"r {name}")
        return line

    def _write(self, name: str, value: object) -> bytes:
        return encode_line(f"w axis{self._axis}.{name} {value}")

    def _told(self, order: Order) -> bytes:
        state = self._values.get(self._state_name)
        active, reason = (int(self._values.get(name, 0.0)) for name in (self._active_name, self._reason_name))
        errors = active | reason
        # A chain that was open and a host that was silent leave a reason behind: nothing is wrong with the drive.
        wrong = (active | reason & ~_ESTOP) & ~_WATCHDOG
        if not order.torque:
            sent = encode_line(f"u {self._axis}")
            if errors and (order.clear_faults or not wrong):
                sent += self._clear()
            return sent + self._write("requested_state", int(AxisState.IDLE)) if state != AxisState.IDLE else sent
        sent = b""
        if order.current_a != self._limit_a:
            self._limit_a = order.current_a
            sent += self._write("config.motor.current_soft_max", f"{order.current_a:.2f}")
        if state != AxisState.CLOSED_LOOP_CONTROL:
            if errors and (order.clear_faults or not wrong):
                sent += self._clear()
            if order.clear_faults or not wrong:
                sent += encode_line(f"u {self._axis}") + self._write(
                    "requested_state", int(AxisState.CLOSED_LOOP_CONTROL)
                )
        velocity = order.rate_dps * self._setup.scale * self._setup.direction
        return sent + encode_velocity(self._axis, velocity)

    def _clear(self) -> bytes:
        self._values.pop(self._reason_name, None)
        self._values.pop(self._active_name, None)
        return encode_line("sc")

    def _identify(self) -> bytes:
        if self._step == 0:
            # Whatever turns is let go before anything else is asked.
            sent = self._write("requested_state", int(AxisState.IDLE))
            names = ("fw_version_major", "fw_version_minor", "fw_version_revision", "serial_number")
            return sent + b"".join(self._read(name) for name in names)
        axis = f"axis{self._axis}"
        sent = self._write("config.watchdog_timeout", f"{self._setup.timeout_s:.3f}")
        sent += self._write("config.enable_watchdog", 1) + encode_line(f"u {self._axis}")
        sent += self._write("controller.config.input_mode", int(InputMode.PASSTHROUGH)) + encode_line("sc")
        settings = ("config.watchdog_timeout", "config.enable_watchdog", "controller.config.input_mode")
        return sent + b"".join(self._read(f"{axis}.{name}") for name in settings)

    def _take(self, name: str, text: bytes) -> bool:
        """Take an answer; tells whether it can be one to what was asked."""
        if name == "f":
            parts = [number(part) for part in text.split()]
            if len(parts) != 2 or parts[0] is None or parts[1] is None:
                return False
            self._feedback = (parts[0], parts[1])
            return True
        value = number(text)
        if value is None:
            self._values.pop(name, None)
            if not self.identified and not self.problem:
                self.problem = (
                    f"the drive answers {text[:40].decode('ascii', 'replace')!r} when asked for {name}: "
                    "use firmware 0.6, or choose its ASCII protocol for this port"
                )
            return not text[:1].isdigit() and text[:1] != b"-"
        if self.identified and text.isdigit() != (name in self._whole):
            return False  # a whole number, where none is, or the other way round
        if name == self._reason_name and int(value) & _ESTOP and not int(self._values.get(name, 0.0)) & _ESTOP:
            # The chain has opened, and is open until the active errors say otherwise; the reason stays when it closes.
            self._values[self._active_name] = float(int(self._values.get(self._active_name, 0.0)) | _ESTOP)
        if name == self._current_name:
            self._current_turn = self._turn
        self._values[name] = value
        return True

    def _judge(self) -> None:
        values, axis = self._values, f"axis{self._axis}"
        if self._step == 0:
            version = [int(values.get(f"fw_version_{part}", 0.0)) & 0xFF for part in ("major", "minor", "revision")]
            self.identity = (int(values.get("serial_number", 0.0)) & 0xFFFFFFFF, (version[0], version[1], version[2]))
            self._step = 1 if "serial_number" in values else 0
            return
        self._step = 0
        timeout_s = values.get(f"{axis}.config.watchdog_timeout")
        enabled = values.get(f"{axis}.config.enable_watchdog") == 1.0
        if timeout_s is None or not enabled or not 0.0 < timeout_s <= LONGEST_TIMEOUT_S:
            self.problem = (
                f"the watchdog of {axis} is {'on' if enabled else 'off'} at {timeout_s} s although "
                f"{self._setup.timeout_s:g} s was set: set both with odrivetool"
            )
        elif values.get(f"{axis}.controller.config.input_mode") != InputMode.PASSTHROUGH:
            self.problem = f"{axis}.controller.config.input_mode is not PASSTHROUGH although it was set: use odrivetool"
        else:
            self.timeout_s, self.problem, self.identified = timeout_s, None, True
