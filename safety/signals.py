"""What is measured, what is asked, and what is allowed: the vocabulary that every package speaks.

Angles are inversion angles in degrees: -90 standing, 0 horizontal, +90 head straight down. A positive rate
turns the rider toward inversion. Absent and zero are different values: a signal that is not known is ``None``.

The types are named tuples: immutable, typed, and cheap enough to be made a hundred times a second.
"""

from enum import IntEnum
from typing import Final, NamedTuple


class Response(IntEnum):
    """What is done about a trip; the larger value is the stronger response and wins.

    Standard words: IEC 61800-5-2 (SDI, SS1, STO, SBC) and IEC 60204-1 (stop categories 0 and 1).
    """

    NONE = 0
    INHIBIT = 1
    """No motion toward inversion; toward upright stays free (SDI)."""
    RETURN = 2
    """The normal return: to horizontal, rest, then slowly on to upright."""
    EMERGENCY_RETURN = 3
    """The fast return: to horizontal at the emergency rate, five seconds flat, then slowly on to upright."""
    STOP = 4
    """Decelerate, then brake on and torque off (SS1 + SBC, stop category 1)."""
    TORQUE_OFF = 5
    """Torque off and brake on at once (STO + SBC, stop category 0)."""


NONE: Final = Response.NONE
INHIBIT: Final = Response.INHIBIT
RETURN: Final = Response.RETURN
EMERGENCY_RETURN: Final = Response.EMERGENCY_RETURN
STOP: Final = Response.STOP
TORQUE_OFF: Final = Response.TORQUE_OFF
# The same objects under names of their own: looking up a member in its enum class takes as long as a whole monitor.

BOARD_WATCHDOG_S: Final = 0.25
"""The longest watchdog that a board may have, and so the longest time for which it follows a command."""
BOARD_CLOCK_MASK: Final = 0xFFFFFFFF
"""The board's clock counts microseconds in 32 bits, and from 0 again after 71 minutes."""


def board_us_between(earlier_us: int, later_us: int) -> int:
    """Give the microseconds by the board's clock between two of its times less than 71 minutes apart."""
    return (later_us - earlier_us) & BOARD_CLOCK_MASK


class Recovery(IntEnum):
    """How a rider who was stopped away from upright is brought back; the larger value is the more careful."""

    AUTOMATIC = 0
    """Powered motion is still safe: creep upright after a pause at standstill."""
    ON_REQUEST = 1
    """A person stopped the table: wait for the release and a deliberate request."""


class CommandMode(IntEnum):
    """What the drive is told to do."""

    TORQUE_OFF = 0
    """Torque off, brake on, at once."""
    HOLD = 1
    """Stand still: decelerate if still moving, then brake on and torque off."""
    MOVE = 2
    """Brake off, follow the rate."""


class Input:
    """Bits of ``Telemetry.inputs``: contacts as the board reads them, set when the contact is closed.

    The rider's hand switch and the ankle latch have two contacts each, one normally open and one normally
    closed, so that a broken wire or a welded contact shows as a contradiction.
    """

    HAND_SWITCH_NO: Final = 1 << 0
    """Closed while the rider holds the switch."""
    HAND_SWITCH_NC: Final = 1 << 1
    """Closed while the rider does not hold the switch."""
    ANKLE_LATCH_NO: Final = 1 << 2
    """Closed while the ankle latch is locked."""
    ANKLE_LATCH_NC: Final = 1 << 3
    """Closed while the ankle latch is open."""
    ESTOP_CHAIN: Final = 1 << 4
    """Closed while no emergency stop is pressed; an open wire reads as pressed."""
    UPRIGHT_SWITCH: Final = 1 << 5
    """Closed at the upright (boarding) end of the travel."""
    INVERTED_SWITCH: Final = 1 << 6
    """Closed at or beyond the inverted end of the travel."""


class ContactPair(NamedTuple):
    """The two contacts of a switch that tells a broken wire: of a sound one exactly one is closed."""

    normally_open: int
    """Bit of ``Input``: closed while the switch is used, held or locked."""
    normally_closed: int
    """Bit of ``Input``: closed while it is not."""

    @property
    def mask(self) -> int:
        """Both bits."""
        return self.normally_open | self.normally_closed

    def reads(self, inputs: int) -> bool | None:
        """Tell whether the switch is used; None: the two contradict each other."""
        closed = inputs & (self.normally_open | self.normally_closed)
        if closed == self.normally_open:
            return True
        return False if closed == self.normally_closed else None


HAND_SWITCH: Final = ContactPair(Input.HAND_SWITCH_NO, Input.HAND_SWITCH_NC)
"""Reads True while the rider holds it."""
ANKLE_LATCH: Final = ContactPair(Input.ANKLE_LATCH_NO, Input.ANKLE_LATCH_NC)
"""Reads True while it is locked."""


class Status:
    """Bits of ``Telemetry.status``: what the board says of itself."""

    BRAKE_CLOSED: Final = 1 << 0
    TORQUE_ON: Final = 1 << 1
    WATCHDOG_EXPIRED: Final = 1 << 2
    """No fresh command for the watchdog time: the board acts on its own, or stands upright and hears nobody."""
    DEAD_HOST_RETURN: Final = 1 << 3
    """The board is bringing the table upright by itself."""
    RATE_LIMITED: Final = 1 << 4
    """The board follows less than the host commanded, because of its own limits."""


ON_ITS_OWN: Final = Status.WATCHDOG_EXPIRED | Status.DEAD_HOST_RETURN
"""Bits of ``Telemetry.status``: with either of them set the board moves the table, or stands, without our commands."""


class Reject(IntEnum):
    """Why the board refused a motion command."""

    NONE = 0
    SESSION = 1
    """Not the session of the newest handshake."""
    SEQUENCE = 2
    """Repeated, or older than one that was accepted."""
    STALE = 3
    """Answers telemetry that is too old."""
    RANGE = 4
    """A value outside its range, or an unknown mode."""
    LENGTH = 5
    """Longer or shorter than a motion command."""


class DriveFault:
    """Bits of ``Telemetry.faults``: what the motor drive reports."""

    OVERCURRENT: Final = 1 << 0
    OVERTEMPERATURE: Final = 1 << 1
    UNDERVOLTAGE: Final = 1 << 2
    ENCODER: Final = 1 << 3
    BRAKE: Final = 1 << 4
    DRIVER: Final = 1 << 5
    """The power stage itself failed: the drive cannot move the table."""


class Lost:
    """Bits of ``SafeCommand.lost_angles``."""

    ENCODER: Final = 1 << 0
    INCLINOMETER: Final = 1 << 1


class Equipment:
    """Bits of ``BoardConfig.equipment``: the parts that a table has, as its devices and its builder say."""

    MOTOR_ANGLE: Final = 1 << 0
    """The angle on the motor's side is measured."""
    TABLE_ANGLE: Final = 1 << 1
    """The table's own angle is measured."""
    TIMEOUT: Final = 1 << 2
    """The drive stops by itself, or does better, when it hears no command: read back from it."""
    HOLDING: Final = 1 << 3
    """A brake that closes without power, or a gear that no load can turn."""
    STOP_CHAIN: Final = 1 << 4
    """The emergency-stop chain cuts the torque in hardware, and is read."""
    HAND_SWITCH: Final = 1 << 5
    ANKLE_LATCH: Final = 1 << 6
    UPRIGHT_SWITCH: Final = 1 << 7
    ALL: Final = (1 << 8) - 1
    """What the table board has, and what it takes to invert anybody."""


SIMULATOR_SERIALS: Final = range(1, 16)
"""Serial numbers that no real board is given, neither by intent nor by memory that was erased or never written."""


class BoardConfig(NamedTuple):
    """What the board says of itself at the handshake: identity and the limits it enforces by itself."""

    session_id: int
    """Drawn by the board at each handshake, 1 to 2**32 - 1; 0 means that no session was made."""
    serial: int
    firmware: tuple[int, int, int]
    boot_count: int
    upright_deg: float
    inverted_limit_deg: float
    max_rate_dps: float
    watchdog_s: float
    equipment: int = Equipment.ALL
    """Bits of ``Equipment``."""

    @property
    def simulated(self) -> bool:
        """Nobody lies on this table."""
        return self.serial in SIMULATOR_SERIALS


class Telemetry(NamedTuple):
    """One frame of measurements from the board."""

    session_id: int
    sequence: int
    """The board's frame number, 0 to 65535, then from 0 again."""
    board_time_us: int
    """The board's clock, 32 bits, wrapping."""
    echoed_sequence: int | None
    """Sequence of the newest motion command that the board accepted in this session; None before the first."""
    command_age_s: float | None
    """The board's time since it accepted that command."""
    encoder_deg: float | None
    """Angle from the motor-side encoder, through the gear."""
    inclinometer_deg: float | None
    """Angle from the table-side inclinometer, against gravity."""
    rate_dps: float | None
    """Rate of the motor's side: from the encoder; where that is lost, from the motor's own voltage and current, if the
    board can tell."""
    current_a: float | None
    """Motor current, positive when the motor drives toward inversion."""
    bus_v: float | None
    drive_temperature_c: float | None
    motor_temperature_c: float | None
    inputs: int
    """Bits of ``Input``."""
    status: int
    """Bits of ``Status``."""
    faults: int
    """Bits of ``DriveFault``."""
    rejected_in_row: int
    """Motion commands refused since the last accepted one, at most 255."""
    reject_reason: int
    """Why the last one was refused (``Reject``); 0 when none was."""


class MotionRequest(NamedTuple):
    """What the operating side would like; the safety layer decides what becomes of it."""

    rate_dps: float | None = None
    """Wanted rate; None asks to stand on the brake, 0.0 asks to hold at standstill under torque."""
    ask: Response = Response.NONE
    """A response asked for by a person or by the end of a program."""
    acknowledge: bool = False
    """The operator acknowledges latched trips; they clear where their cause is gone, upright and at standstill."""
    recover: bool = False
    """A deliberate request to be brought upright after a stop that a person ordered."""
    hold_flat: bool = False
    """Stay at horizontal when a return gets there, for as long as this is asked."""
    presence_age_s: float | None = None
    """Seconds since the newest sign of life of the operator's panel; None: no panel watches this session."""


class SafeCommand(NamedTuple):
    """What the drive may do. ``safety.layer.step`` alone makes one; drives accept nothing else."""

    mode: CommandMode
    rate_dps: float | None
    """Rate to follow; None unless ``mode`` is MOVE."""
    accel_dps2: float
    """The ramp that the drive may use toward that rate, or toward standstill."""
    torque_fraction: float
    """Torque the drive may use, 0 to 1 of its rated torque."""
    lost_angles: int = 0
    """Bits of ``Lost``: angles found wrong, which the drive must neither control by nor judge by."""
    clear_faults: bool = False
    """The operator acknowledged, upright and at standstill: the drive may forget faults whose cause is gone."""


class Trip(NamedTuple):
    """A monitor's decision to act."""

    monitor: str
    """Id of the monitor, as in the safety concept's table."""
    response: Response
    recovery: Recovery
    t_s: float
    """When the decision fell, on the clock that ``step`` is given."""
    since_s: float
    """When the cause appeared."""
    detail: str
    """What was seen, with numbers and units."""
    encoder_deg: float | None
    inclinometer_deg: float | None
