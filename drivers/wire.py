"""The messages of the table board's protocol as bytes: one ``struct`` a message, as ``docs/protocol.md`` specifies.

Nothing here judges a message; whether it may be acted on is for ``drivers.board``.
"""

from enum import IntEnum
from struct import Struct
from typing import Final, NamedTuple

from safety.signals import SafeCommand, Telemetry

VERSION: Final = 1
HEADER: Final = Struct("<BBIH")
"""Protocol version, message type, session, sequence."""
VERSION_AT: Final = 0


class Type(IntEnum):
    """Message types; the top bit says that the board speaks."""

    HELLO = 0x01
    MOTION = 0x02
    WELCOME = 0x81
    TELEMETRY = 0x82


MOTION_TYPE: Final = int(Type.MOTION)
TELEMETRY_TYPE: Final = int(Type.TELEMETRY)
# Looking up a member in its enum class takes as long as packing a message.


HELLO: Final = Struct("<IBB")
"""Nonce, lowest and highest protocol version that the host speaks."""
WELCOME: Final = Struct("<IIBBBIiiHH")
"""Nonce, serial, firmware (3), boot count, upright and inverted limit (0.001 deg), rate (0.01 deg/s), watchdog (ms)."""
MOTION: Final = Struct("<HIBBhHB")
"""Telemetry answered, host time (ms), mode, flags, rate (0.001 deg/s), acceleration (0.01 deg/s2), torque (1/250)."""
TELEMETRY: Final = Struct("<IHHihhhHhhHHHBB")
"""See ``docs/protocol.md``."""

HELLO_FRAME: Final = Struct(HEADER.format + HELLO.format[1:])
WELCOME_FRAME: Final = Struct(HEADER.format + WELCOME.format[1:])
MOTION_FRAME: Final = Struct(HEADER.format + MOTION.format[1:])
TELEMETRY_FRAME: Final = Struct(HEADER.format + TELEMETRY.format[1:])

FLAG_CLEAR_FAULTS: Final = 1 << 0
LOST_SHIFT: Final = 1
LOST_MASK: Final = 0b11 << LOST_SHIFT
"""The two bits of the flags that hold ``SafeCommand.lost_angles``."""
MAX_RATE_MDPS: Final = 32767
TORQUE_STEPS: Final = 250

NO_I32: Final = -(2**31)
NO_I16: Final = -(2**15)
NO_U16: Final = 2**16 - 1
_I16_MOST: Final = 2**15 - 1
_U16_MOST: Final = 2**16 - 2
_ABSURD: Final = 1e12
"""Beyond this a number is no measurement that was clamped, but none."""
HAS_ECHO: Final = 1 << 15
"""Bit of the status word that says that a command was accepted in this session."""


class MotionFields(NamedTuple):
    """A motion command as it came over the wire."""

    session_id: int
    sequence: int
    telemetry_sequence: int
    host_time_ms: int
    mode: int
    flags: int
    rate_dps: float
    accel_dps2: float
    torque_fraction: float

    @property
    def clear_faults(self) -> bool:
        """The operator acknowledged: the board may forget the faults whose cause is gone."""
        return bool(self.flags & FLAG_CLEAR_FAULTS)

    @property
    def lost_angles(self) -> int:
        """Bits of ``safety.signals.Lost``."""
        return (self.flags & LOST_MASK) >> LOST_SHIFT


def encode_motion(
    session_id: int, sequence: int, telemetry_sequence: int, host_time_ms: int, command: SafeCommand
) -> bytes:
    """Give a motion command's payload. The rate is rounded toward zero: never faster than allowed."""
    mode, rate, accel_dps2, torque_fraction, lost_angles, clear_faults = command
    flags = lost_angles << LOST_SHIFT & LOST_MASK
    if clear_faults:
        flags |= FLAG_CLEAR_FAULTS
    rate_mdps = 0 if rate is None else _clamped(int(rate * 1000.0), -MAX_RATE_MDPS, MAX_RATE_MDPS)
    accel = _clamped(int(accel_dps2 * 100.0), 0, NO_U16)
    torque = _clamped(int(torque_fraction * TORQUE_STEPS), 0, TORQUE_STEPS)
    return MOTION_FRAME.pack(
        VERSION,
        MOTION_TYPE,
        session_id,
        sequence,
        telemetry_sequence,
        host_time_ms,
        mode,
        flags,
        rate_mdps,
        accel,
        torque,
    )


def _clamped(value: int, least: int, most: int) -> int:
    return least if value < least else most if value > most else value


def decode_motion(payload: bytes) -> MotionFields:
    """Read a motion command of the right length."""
    _, _, session, sequence, answered, time_ms, mode, flags, rate, accel, torque = MOTION_FRAME.unpack(payload)
    return MotionFields(
        session, sequence, answered, time_ms, mode, flags, rate / 1000.0, accel / 100.0, torque / TORQUE_STEPS
    )


def encode_telemetry(t: Telemetry) -> bytes:
    """Give a telemetry frame's payload; None and what is not a number become absent."""
    (
        session, sequence, time_us, echo, age_s, encoder, inclinometer, rate, current, bus_v, drive_c, motor_c,
        inputs, status, faults, rejected, reason,
    ) = t  # fmt: skip
    return TELEMETRY_FRAME.pack(
        VERSION,
        TELEMETRY_TYPE,
        session,
        sequence,
        time_us,
        0 if echo is None else echo,
        _u16(age_s, 1000.0),
        _i32(encoder, 1000.0),
        _i16(inclinometer, 100.0),
        _i16(rate, 100.0),
        _i16(current, 100.0),
        _u16(bus_v, 100.0),
        _i16(drive_c, 10.0),
        _i16(motor_c, 10.0),
        inputs,
        status if echo is None else status | HAS_ECHO,
        faults,
        rejected,
        reason,
    )


def _i16(value: float | None, scale: float) -> int:
    if value is None:
        return NO_I16
    scaled = value * scale
    if -_I16_MOST <= scaled <= _I16_MOST:
        return round(scaled)
    if not -_ABSURD < scaled < _ABSURD:  # written so that NaN fails it
        return NO_I16
    return _I16_MOST if scaled > 0.0 else -_I16_MOST


def _i32(value: float | None, scale: float) -> int:
    if value is None or not -1e6 < value < 1e6:
        return NO_I32
    return round(value * scale)


def _u16(value: float | None, scale: float) -> int:
    if value is None:
        return NO_U16
    scaled = value * scale
    if 0.0 <= scaled <= _U16_MOST:
        return round(scaled)
    if not -_ABSURD < scaled < _ABSURD:
        return NO_U16
    return _U16_MOST if scaled > 0.0 else 0


def decode_telemetry(payload: bytes) -> Telemetry:
    """Read a telemetry frame of the right length."""
    (
        _, _, session, sequence, time_us, echo, age_ms, encoder, inclinometer, rate, current, bus, drive_c, motor_c,
        inputs, status, faults, rejected, reason,
    ) = TELEMETRY_FRAME.unpack(payload)  # fmt: skip
    return Telemetry(
        session,
        sequence,
        time_us,
        echo if status & HAS_ECHO else None,
        None if age_ms == NO_U16 else age_ms / 1000.0,
        None if encoder == NO_I32 else encoder / 1000.0,
        None if inclinometer == NO_I16 else inclinometer / 100.0,
        None if rate == NO_I16 else rate / 100.0,
        None if current == NO_I16 else current / 100.0,
        None if bus == NO_U16 else bus / 100.0,
        None if drive_c == NO_I16 else drive_c / 10.0,
        None if motor_c == NO_I16 else motor_c / 10.0,
        inputs,
        status & ~HAS_ECHO,
        faults,
        rejected,
        reason,
    )
