"""RoboClaw and other Basicmicro controllers in packet serial mode: the codec, and its ``drivers.dialogue``.

A request is address and command; one that sets something goes on with its values and a CRC-16 (XMODEM) over all of it,
big-endian, and is answered by one byte 0xFF. What is read is answered by its values and a CRC-16 over address, command
and values, without repeating either: which request an answer belongs to is known by the order alone. A request whose
CRC is wrong, and one that is not known, is answered by nothing.

Source: Basicmicro's user manual (packet serial commands) and the vendor's Python package ``basicmicro``, with which the
tests compare these bytes.
"""

from enum import IntEnum, IntFlag
from struct import Struct
from typing import Final, NamedTuple

from fastcrc.crc16 import xmodem

from drivers.dialogue import DriveSetup, Order, Reading
from safety.signals import DriveFault, Input

ACK: Final = 0xFF
CRC_BYTES: Final = 2
KEPT_BYTES: Final = 512
"""More than every answer of an exchange together; what is beyond is not ours."""
LONGEST_VERSION: Final = 48
TIMEOUT_STEP_S: Final = 0.1
CURRENT_STEP_A: Final = 0.01
DUTY_MOST: Final = 32767
FIRST_ADDRESS: Final = 0x80
LAST_ADDRESS: Final = 0x87


class Command(IntEnum):
    """The commands used here, of motor 1."""

    SET_TIMEOUT = 14
    GET_TIMEOUT = 15
    GET_ENCODER = 16
    GET_VERSION = 21
    GET_MAIN_VOLTAGE = 24
    GET_RAW_SPEED = 30
    DUTY = 32
    SPEED_ACCEL = 38
    GET_PWMS = 48
    GET_CURRENTS = 49
    GET_VELOCITY_PID = 55
    GET_PINS = 75
    GET_TEMPERATURE = 82
    GET_ERROR = 90
    SET_MAX_CURRENT = 133
    GET_MAX_CURRENT = 135
    RESET_ESTOP = 200


ESTOP_PINS: Final = (1, 2)
"""Of the functions of S3, S4 and S5, which come first among the pins: emergency stop, latching or not."""


class Error(IntFlag):
    """The drive's status word: errors, which stop the motor, below; warnings and messages, which do not, above.

    Source: the user manual's table of command 90 (bits up to 0x0200_0000), and the constants ``ERROR_`` and ``WARN_``
    of the vendor's package, which has those above too. The tests compare.
    """

    ESTOP = 0x0001
    TEMPERATURE = 0x0002
    TEMPERATURE_2 = 0x0004
    MAIN_HIGH = 0x0008
    LOGIC_HIGH = 0x0010
    LOGIC_LOW = 0x0020
    DRIVER_1 = 0x0040
    DRIVER_2 = 0x0080
    SPEED_1 = 0x0100
    SPEED_2 = 0x0200
    POSITION_1 = 0x0400
    POSITION_2 = 0x0800
    CURRENT_1 = 0x1000
    CURRENT_2 = 0x2000
    MAIN_LOW = 0x4000
    MAIN_HIGH_HELD = 0x8000
    WARN_CURRENT_1 = 0x0001_0000
    WARN_CURRENT_2 = 0x0002_0000
    WARN_MAIN_HIGH = 0x0004_0000
    WARN_MAIN_LOW = 0x0008_0000
    WARN_TEMPERATURE = 0x0010_0000
    WARN_TEMPERATURE_2 = 0x0020_0000
    SIGNAL_4 = 0x0040_0000
    SIGNAL_5 = 0x0080_0000
    WARN_SPEED_1 = 0x0100_0000
    WARN_SPEED_2 = 0x0200_0000
    WARN_POSITION_1 = 0x0400_0000
    WARN_POSITION_2 = 0x0800_0000
    WARN_CAN = 0x1000_0000
    BOOTED = 0x2000_0000
    WARN_REGENERATION_1 = 0x4000_0000
    WARN_REGENERATION_2 = 0x8000_0000


ERRORS: Final = 0xFFFF
"""The half of the status word that stops the motor. With any bit of it but the emergency stop's, known or not, the
power stage counts as off and the drive as faulty."""
MESSAGES: Final = Error.SIGNAL_4 | Error.SIGNAL_5 | Error.BOOTED
"""Bits of the other half that are no trouble: an input with a function (home, limit, stop) is closed, as the limit
switch at the inverted end is, and the controller was switched on."""


_BYTE: Final = Struct(">B")
_WORD: Final = Struct(">H")
_WORDS: Final = Struct(">hh")
_LONG: Final = Struct(">I")
_COUNT: Final = Struct(">iB")
_PID: Final = Struct(">IIII")
_SPEED_ACCEL: Final = Struct(">Ii")
_DUTY: Final = Struct(">h")
_LONGS: Final = Struct(">II")
_PINS: Final = Struct(">BBBBB")

ANSWERS: Final[dict[int, Struct]] = {
    Command.GET_TIMEOUT: _BYTE,
    Command.GET_ENCODER: _COUNT,
    Command.GET_MAIN_VOLTAGE: _WORD,
    Command.GET_RAW_SPEED: _COUNT,
    Command.GET_PWMS: _WORDS,
    Command.GET_CURRENTS: _WORDS,
    Command.GET_VELOCITY_PID: _PID,
    Command.GET_TEMPERATURE: _WORD,
    Command.GET_ERROR: _LONG,
    Command.GET_MAX_CURRENT: _LONGS,
    Command.GET_PINS: _PINS,
}
"""What a reading command is answered with, before its CRC. The version is text, ended by a zero byte."""
SETTINGS: Final[dict[int, Struct]] = {
    Command.SET_TIMEOUT: _BYTE,
    Command.DUTY: _DUTY,
    Command.SPEED_ACCEL: _SPEED_ACCEL,
    Command.SET_MAX_CURRENT: _LONGS,
    Command.RESET_ESTOP: Struct(">"),
}
"""What a setting command carries."""

_SPEED_ACCEL_FRAME: Final = Struct(">BBIi")


def encode_setting(address: int, command: int, *values: int) -> bytes:
    """Give the bytes of a command that sets something. Raises ``struct.error`` for a value that does not fit."""
    head = bytes((address, command)) + SETTINGS[command].pack(*values)
    return head + xmodem(head).to_bytes(CRC_BYTES, "big")


def encode_speed(address: int, accel: int, speed: int) -> bytes:
    """Give the order that is sent in every exchange: speed in counts/s with acceleration in counts/s2."""
    head = _SPEED_ACCEL_FRAME.pack(address, Command.SPEED_ACCEL, accel, speed)
    return head + xmodem(head).to_bytes(CRC_BYTES, "big")


def encode_request(address: int, command: int) -> bytes:
    """Give the bytes of a command that reads something."""
    return bytes((address, command))


class Answer(NamedTuple):
    """An answer whose CRC was right."""

    command: int
    values: tuple[int, ...]
    text: str = ""


class AnswerReader:
    """Cuts the answers to known requests out of a stream of bytes."""

    __slots__ = ("_rest", "address", "corrupted", "expected", "frames")

    def __init__(self, address: int) -> None:
        self.address = address
        self.expected: list[int] = []
        """Commands whose answers are still to come, in order."""
        self._rest = b""
        self.frames = 0
        self.corrupted = 0

    def clear(self) -> None:
        """Expect nothing; forget half an answer."""
        self.expected.clear()
        self._rest = b""

    def feed(self, data: bytes) -> list[Answer]:
        """Take bytes; give the answers that they complete. After a wrong one nothing more is found before ``clear``."""
        rest = self._rest + data if self._rest else data
        if len(rest) > KEPT_BYTES:
            rest = rest[-KEPT_BYTES:]
        found: list[Answer] = []
        at = 0
        while self.expected:
            command = self.expected[0]
            end = self._end(command, rest, at)
            if end is None:
                break
            answer = self._answer(command, rest[at:end])
            if answer is None:
                self.corrupted += 1
                self._rest = b""
                self.expected = [-1]  # where the next one begins is not known: only silence helps
                return found
            self.frames += 1
            self.expected.pop(0)
            found.append(answer)
            at = end
        self._rest = rest[at:]
        return found

    def _end(self, command: int, rest: bytes, at: int) -> int | None:
        if command in SETTINGS:
            return at + 1 if at < len(rest) else None
        if command == Command.GET_VERSION:
            zero = rest.find(b"\0", at, at + LONGEST_VERSION)
            end = zero + 1 + CRC_BYTES
            return end if zero >= 0 and end <= len(rest) else None
        shape = ANSWERS.get(command)
        if shape is None:
            return None
        end = at + shape.size + CRC_BYTES
        return end if end <= len(rest) else None

    def _answer(self, command: int, body: bytes) -> Answer | None:
        if command in SETTINGS:
            return Answer(command, ()) if body[0] == ACK else None
        # A CRC-16 over values and their own CRC is 0.
        if xmodem(bytes((self.address, command)) + body):
            return None
        if command == Command.GET_VERSION:
            return Answer(command, (), body[: -CRC_BYTES - 1].decode("ascii", "replace").strip())
        return Answer(command, ANSWERS[command].unpack_from(body))


_SLOW: Final = (Command.GET_MAIN_VOLTAGE, Command.GET_TEMPERATURE, Command.GET_TIMEOUT)
"""Asked in turn, one an exchange."""
_EACH: Final = (
    Command.GET_ENCODER,
    Command.GET_RAW_SPEED,
    Command.GET_PWMS,
    Command.GET_CURRENTS,
    Command.GET_ERROR,
)
FAILED_TOGETHER: Final = 5
"""So many exchanges in a row that failed alike, and requests go one by one. What a noisy line loses is not always the
same: one by one an exchange takes so long that hardly one would get through it."""
_FAULTS: Final = (
    (Error.CURRENT_1, DriveFault.OVERCURRENT),
    (
        Error.TEMPERATURE | Error.TEMPERATURE_2 | Error.WARN_TEMPERATURE | Error.WARN_TEMPERATURE_2,
        DriveFault.OVERTEMPERATURE,
    ),
    (Error.LOGIC_LOW | Error.MAIN_LOW | Error.WARN_MAIN_LOW, DriveFault.UNDERVOLTAGE),
    (Error.SPEED_1 | Error.POSITION_1, DriveFault.ENCODER),
)
"""What each bit is to the safety layer; every other error is a power stage that failed. The other warnings are none:
the motor goes on, and if it comes to an error, that is one."""
_NAMED: Final = int(Error.ESTOP) | sum(int(bits) for bits, _ in _FAULTS)


class RoboClaw:
    """The dialogue with one controller, motor 1."""

    def __init__(self, setup: DriveSetup) -> None:
        self._setup = setup
        self._reader = AnswerReader(setup.address)
        self._values: dict[int, tuple[int, ...]] = {}
        self._steps = self._identification()
        self._queue: list[tuple[int, bytes]] = []
        self._limit_a: float | None = None
        self._turn = 0
        self._order = Order(False, 0.0, 0.0, 0.0, False)
        self._exchanged = False
        self._failed_together = self._answered_together = self._frames_before = 0
        self.one_by_one = False
        """This controller loses requests that come before it has answered the last one."""
        self.identity = (0, (0, 0, 0))
        self.timeout_s: float | None = None
        self.problem: str | None = None
        self.identified = False
        self.was_reset = False

    @property
    def frames(self) -> int:
        """Answers that were right."""
        return self._reader.frames

    @property
    def corrupted(self) -> int:
        """Answers that were wrong."""
        return self._reader.corrupted

    @property
    def waiting(self) -> bool:
        """Tell whether an answer is still to come."""
        return bool(self._reader.expected or self._queue)

    def begin(self) -> None:
        """Forget the controller; identify it anew."""
        self.give_up()
        self._steps = self._identification()
        self._values.clear()
        self._limit_a = None
        self.timeout_s, self.identified, self.was_reset = None, False, False

    def ask(self, order: Order) -> bytes:
        """Give the next step of the identification, or an exchange with the order in it."""
        self._reader.clear()
        self._queue.clear()
        address = self._setup.address
        if not self.identified:
            command, values = self._steps[0]
            self._reader.expected.append(command)
            if command in SETTINGS:
                return encode_setting(address, command, *values)
            return encode_request(address, command)
        self._order = order
        self._frames_before = self._reader.frames
        requests = self._exchange(order)
        self._exchanged = True
        if self.one_by_one:
            self._queue = requests
            return self.more()
        self._reader.expected.extend(command for command, _ in requests)
        return b"".join(data for _, data in requests)

    def more(self) -> bytes:
        """Give the next request of an exchange that goes one by one."""
        if self._reader.expected or not self._queue:
            return b""
        command, data = self._queue.pop(0)
        self._reader.expected.append(command)
        return data

    def feed(self, data: bytes) -> None:
        """Take bytes from the controller."""
        for answer in self._reader.feed(data):
            if not self.identified:
                self._identify(answer)
            self._values[answer.command] = answer.values
            if answer.command == Command.GET_TIMEOUT and self.identified:
                self._check_timeout(answer.values[0])

    def take(self) -> Reading | None:
        """Give what the exchange that just ended measured."""
        if not self._exchanged:
            return None
        self._exchanged = False
        self._failed_together = 0
        values, setup = self._values, self._setup
        count, _ = values[Command.GET_ENCODER]
        speed, backward = values[Command.GET_RAW_SPEED]
        speed = -abs(speed) if backward & 1 else speed
        pwm = values[Command.GET_PWMS][0]
        current = values[Command.GET_CURRENTS][0]
        (error,) = values[Command.GET_ERROR]
        main_v = values.get(Command.GET_MAIN_VOLTAGE)
        temperature = values.get(Command.GET_TEMPERATURE)
        # The current is measured in the bridge: it has the sign of power, not that of torque.
        torque_a = (current if pwm >= 0 else -current) * CURRENT_STEP_A * setup.direction
        faults = 0
        if error:
            faults = DriveFault.DRIVER if error & ERRORS & ~_NAMED else 0
            for bits, fault in _FAULTS:
                if error & bits:
                    faults |= fault
        return Reading(
            float(count),
            speed / setup.scale * setup.direction,
            torque_a,
            None if main_v is None else main_v[0] / 10.0,
            None if temperature is None else temperature[0] / 10.0,
            None,
            faults,
            self._order.torque and not error & ERRORS,
            0 if error & Error.ESTOP else Input.ESTOP_CHAIN,
        )

    def give_up(self) -> None:
        """Forget the request whose answer did not come; one by one from now on, if together they never came."""
        # Silence is a line that is cut. Of requests that were lost behind the first one, that one is answered.
        answered = self._reader.frames - self._frames_before
        if self._exchanged and not self.one_by_one and answered > 0:
            alike = answered == self._answered_together
            self._failed_together = self._failed_together + 1 if alike else 1
            self._answered_together = answered
            self.one_by_one = self._failed_together >= FAILED_TOGETHER
        self._exchanged = False
        self._limit_a = None  # whether it was taken is not known
        self._reader.clear()
        self._queue.clear()

    def _identification(self) -> list[tuple[int, tuple[int, ...]]]:
        steps = timeout_steps(self._setup.timeout_s)
        return [
            (Command.DUTY, (0,)),  # whatever is asked feeds the timeout: a motor that turns must not go on by it
            (Command.GET_VERSION, ()),
            (Command.GET_VELOCITY_PID, ()),
            (Command.SET_TIMEOUT, (steps,)),
            (Command.GET_TIMEOUT, ()),
        ]

    def _identify(self, answer: Answer) -> None:
        if answer.command == Command.GET_VERSION:
            self.identity = (self._setup.address, version_in(answer.text))
        elif answer.command == Command.GET_VELOCITY_PID:
            problem = self._judge_pid(answer.values)
            if problem is not None:
                self.problem = problem
                return
        elif answer.command == Command.GET_TIMEOUT:
            wanted = timeout_steps(self._setup.timeout_s)
            if answer.values[0] != wanted:
                self._steps = self._identification()
                self.problem = (
                    f"the controller keeps a serial timeout of {answer.values[0] * TIMEOUT_STEP_S:.1f} s although "
                    f"{wanted * TIMEOUT_STEP_S:.1f} s was set: update its firmware, or set it in Motion Studio"
                )
                return
            self.timeout_s = answer.values[0] * TIMEOUT_STEP_S
            self.problem = None
            self.identified = True
        self._steps.pop(0)

    def _judge_pid(self, values: tuple[int, ...]) -> str | None:
        p, i, _, qpps = values
        needed = self._setup.max_rate_dps * self._setup.scale
        if p == 0 and i == 0:
            return "the velocity control of motor 1 is not tuned (P and I are 0): tune and save it in Motion Studio"
        if qpps < needed:
            return (
                f"motor 1 is set up for {qpps} counts/s, and {self._setup.max_rate_dps:g} deg/s need {needed:.0f}: "
                "check scale in the table file, and QPPS in Motion Studio"
            )
        return None

    def _check_timeout(self, steps: int) -> None:
        if steps != timeout_steps(self._setup.timeout_s):
            self.was_reset = True

    def _exchange(self, order: Order) -> list[tuple[int, bytes]]:
        address, setup = self._setup.address, self._setup
        requests: list[tuple[int, bytes]] = []
        if order.torque:
            if order.current_a != self._limit_a:
                self._limit_a = order.current_a
                limit = encode_setting(address, Command.SET_MAX_CURRENT, round(order.current_a / CURRENT_STEP_A), 0)
                requests.append((Command.SET_MAX_CURRENT, limit))
            speed = round(order.rate_dps * setup.scale) * setup.direction
            data = encode_speed(address, round(order.accel_dps2 * setup.scale), speed)
            requests.append((Command.SPEED_ACCEL, data))
        else:
            requests.append((Command.DUTY, encode_setting(address, Command.DUTY, 0)))
        if order.clear_faults and not order.torque:
            requests.append((Command.RESET_ESTOP, encode_setting(address, Command.RESET_ESTOP)))
        requests += [(command, encode_request(address, command)) for command in _EACH]
        slow = _SLOW[self._turn % len(_SLOW)]
        self._turn += 1
        requests.append((slow, encode_request(address, slow)))
        return requests


def timeout_steps(timeout_s: float) -> int:
    """Give a timeout in the controller's tenths of a second: never longer than asked for, and never 0, which is none.

    Args:
        timeout_s: at least ``TIMEOUT_STEP_S``, which is the shortest that the controller has.
    """
    return max(int(timeout_s / TIMEOUT_STEP_S + 1e-9), 1)


def version_in(text: str) -> tuple[int, int, int]:
    """Firmware version out of text such as ``USB Roboclaw 2x15a v4.1.34``; zeros where there is none."""
    for word in reversed(text.split()):
        parts = word.lstrip("vV").split(".")
        if len(parts) == 3 and all(part.isdigit() for part in parts):
            return min(int(parts[0]), 255), min(int(parts[1]), 255), min(int(parts[2]), 255)
    return 0, 0, 0
