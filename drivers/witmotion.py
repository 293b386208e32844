"""WitMotion's serial inclinometers: the table's own angle for drives that measure the motor's alone.

The sensor sends by itself, in frames of 11 bytes: 0x55, a type, four little-endian int16, and the sum of the ten bytes
before. Type 0x53 holds roll, pitch and yaw, 32768 being 180 degrees. A command is FF AA, a register, and an int16.

Source: WitMotion's standard communication protocol for its serial sensors, and the package ``witmotion``, with which
the tests compare these bytes. A sum of eight bits lets one damaged frame in 256 pass: an angle that jumps is for the
safety layer to see.
"""

from struct import Struct
from typing import Final, NamedTuple

from drivers.capabilities import Capabilities
from drivers.health import STALE_S, LinkHealth

HEAD: Final = 0x55
ANGLE: Final = 0x53
FRAME_BYTES: Final = 11
LOWEST_TYPE: Final = 0x50
HIGHEST_TYPE: Final = 0x5F
STEPS: Final = 32768
HALF_TURN_DEG: Final = 180.0
LEAST_RATE_HZ: Final = 40.0
"""Less often is too seldom for the loop, and the sensor is asked for more."""
WATCH_S: Final = 1.0
NOTICE_BYTES: Final = 200

UNLOCK: Final = bytes.fromhex("ff aa 69 88 b5")
ANGLES_ALONE: Final = bytes.fromhex("ff aa 02 08 00")
HUNDRED_A_SECOND: Final = bytes.fromhex("ff aa 03 09 00")
CONFIGURE: Final = UNLOCK + ANGLES_ALONE + HUNDRED_A_SECOND
"""Not saved: a sensor that was off is asked again."""

_FRAME: Final = Struct("<BBhhhhB")
_ANGLES: Final = Struct("<hhh")
_BODY: Final = FRAME_BYTES - 1


def encode(kind: int, values: tuple[int, int, int, int]) -> bytes:
    """Give the bytes of a frame of four int16."""
    body = _FRAME.pack(HEAD, kind, *values, 0)[:_BODY]
    return body + bytes((sum(body) & 0xFF,))


class Deframer:
    """Cuts a stream of bytes into frames whose sum is right."""

    __slots__ = ("_rest", "corrupted", "frames")

    def __init__(self) -> None:
        self._rest = b""
        self.frames = 0
        self.corrupted = 0
        """Stretches of bytes that were no frame."""

    def clear(self) -> None:
        """Forget half a frame."""
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes; give the frames that they complete, in order."""
        rest = self._rest + data if self._rest else data
        found = []
        at, end = 0, len(rest) - FRAME_BYTES
        while at <= end:
            body = rest[at : at + _BODY]
            right = body[0] == HEAD and LOWEST_TYPE <= body[1] <= HIGHEST_TYPE
            if right and sum(body) & 0xFF == rest[at + _BODY]:
                found.append(rest[at : at + FRAME_BYTES])
                at += FRAME_BYTES
                continue
            self.corrupted += right or at == 0
            at = rest.find(HEAD, at + 1)
            if at < 0:
                at = len(rest)
        self.frames += len(found)
        self._rest = rest[at:]
        return found


class InclinometerSetup(NamedTuple):
    """How the sensor sits on the table."""

    axis: str
    """``roll`` (the sensor's X axis is the table's axis) or ``pitch`` (its Y axis is)."""
    direction: int
    zero_deg: float
    """Table angle at which the sensor says 0."""


AXES: Final = ("roll", "pitch")


class Inclinometer:
    """The sensor on its line, for ``drivers.composite``."""

    def __init__(self, setup: InclinometerSetup) -> None:
        """Raises ``ValueError`` for an axis that is not measured against gravity."""
        if setup.axis not in AXES:
            raise ValueError(f"axis = {setup.axis} is not measured against gravity; use {' or '.join(AXES)}")
        self._at = AXES.index(setup.axis)
        self._setup = setup
        self._deframer = Deframer()
        self._heard_s: float | None = None
        self._angle_deg = 0.0
        self._watched_s: float | None = None
        self._counted = 0
        self._others = 0
        self._configure = False
        self._rate_hz: float | None = None
        self.capabilities = Capabilities("WitMotion inclinometer", table_angle=True)
        self.health = LinkHealth()

    @property
    def problem(self) -> str | None:
        """Say why there is no angle, and what to do; None while there is one or nothing is wrong yet."""
        if self._rate_hz is not None and 0.0 < self._rate_hz < LEAST_RATE_HZ:
            return (
                f"the inclinometer sends {self._rate_hz:.0f} angles a second, at least {LEAST_RATE_HZ:.0f} are needed: "
                "set it to 100 Hz, and angles alone, with the maker's program"
            )
        if self.health.bytes_in > NOTICE_BYTES and not self._deframer.frames:
            return "bytes arrive, but none is a frame of the inclinometer: check baud rate and kind, or swap the ports"
        return None

    def angle_deg(self, now_s: float) -> float | None:
        """The table's angle; None while the newest one is too old."""
        heard_s = self._heard_s
        return None if heard_s is None or now_s - heard_s > STALE_S else self._angle_deg

    def inputs(self, now_s: float) -> int | None:  # noqa: ARG002 - the interface of a device beside the drive
        """It has no contacts."""
        return None

    def reset(self) -> None:
        """Begin anew on a port that was opened again."""
        self._deframer.clear()
        self.health.reconnections += 1

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes. Never raises."""
        health, deframer = self.health, self._deframer
        self._watch(now_s)
        if not data:
            return
        health.bytes_in += len(data)
        newest = None
        for frame in deframer.feed(data):
            if frame[1] == ANGLE:
                newest = frame
                self._counted += 1
            else:
                self._others += 1
        health.frames, health.corrupted_frames = deframer.frames, deframer.corrupted
        if newest is not None:
            value = _ANGLES.unpack_from(newest, 2)[self._at] * (HALF_TURN_DEG / STEPS)
            angle = value * self._setup.direction + self._setup.zero_deg
            self._angle_deg = (angle + HALF_TURN_DEG) % (2.0 * HALF_TURN_DEG) - HALF_TURN_DEG
            self._heard_s = now_s

    def transmit(self, now_s: float) -> bytes:  # noqa: ARG002 - the interface of a device beside the drive
        """Give the bytes to send in this tick: the settings, where the sensor does not have them."""
        if not self._configure:
            return b""
        self._configure = False
        return CONFIGURE

    def _watch(self, now_s: float) -> None:
        """Once a second: does it send often enough, and angles alone?"""
        if self._watched_s is None:
            self._watched_s = now_s
        passed_s = now_s - self._watched_s
        if passed_s < WATCH_S:
            return
        self._rate_hz = self._counted / passed_s
        self._configure = self._rate_hz < LEAST_RATE_HZ or self._others > 0
        self._watched_s, self._counted, self._others = now_s, 0, 0
