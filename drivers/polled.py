"""A drive that speaks only when asked: the host's end of the link, behind the interface of ``drivers.board.HostLink``.

What differs from make to make is a ``Dialogue``: which bytes to send and what the answers mean. What is the same stands
here: identify the drive and read back its timeout before there is a session; then one exchange after the other, each
with the order for the motor in it; how a stop ends on the brake; what is late, lost or refused.

No exchange goes out without an order, for a drive's timeout is fed by whatever it understands: without a command the
order is to stand still.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from drivers.capabilities import Capabilities
from drivers.health import STALE_S, LinkHealth
from safety.signals import (
    SIMULATOR_SERIALS,
    BoardConfig,
    CommandMode,
    DriveFault,
    Reject,
    SafeCommand,
    Status,
    Telemetry,
)

PERIOD_S: Final = 0.0095
"""The shortest time from one exchange to the next: a hundred a second, on a clock that is not quite even."""
REPLY_S: Final = 0.03
"""An answer of which nothing comes for so long will not come."""
ANSWER_MOST_S: Final = 0.25
"""So long an answer may take from its first byte to its last."""
QUIET_S: Final = 0.012
"""After an exchange that failed, so long a silence separates what is old from what is new. It doubles with each further
one: an answer of such drives does not say to which request, and a slow one must not be taken for the next one's."""
HOMING_S: Final = 1.0
"""So long a session waits until the drive's position is known as an angle."""
DOUBLED_MOST: Final = 5
FORGET_S: Final = 2.0
"""After so long without an answer the drive has to identify itself anew."""
RESET_DEG: Final = 2.0
"""A position that counts from power-up and is back at 0 from farther away than this began anew."""
FASTEST_DPS: Final = 12.0
"""While nothing was heard the table went no faster: what is farther from where it was, and so near to 0, began anew."""
IDLE_WAIT_S: Final = 0.02
NOTICE_BYTES: Final = 400
LATEST_S: Final = 1.0
"""What comes later than this is no answer any more."""
UNANSWERED: Final = 32
SETTLED_DPS: Final = 0.4
SETTLED_S: Final = 0.04
SETTLE_MOST_S: Final = 0.25
"""So long after the ramp of a stop the torque goes off, whatever the rate says: one that lies must not keep it on."""
TURNS_DPS: Final = 0.5
"""A motor that was told to turn faster than this turns, by its own encoder, ..."""
TURNS_SHARE: Final = 0.2
"""... at this share of it at least, ..."""
TURNS_S: Final = 0.15
"""... after so long; or something holds it, or its encoder fails. The drive would push on as hard as it can, which is
too fast where nothing holds it."""
WRONG_WAY_DPS: Final = 1.0
WRONG_WAY_S: Final = 0.04
"""One that turns the other way as fast as this, by its own encoder, is driven farther that way with all that the drive
has."""
WILD_TIMES: Final = 3
WILD_S: Final = 1.0
"""A drive that says so often within so long that it turns as fast as no table does has an encoder that is of no use to
it: with torque it would turn the table as fast as it can, either way. It gets none until that is past."""
IDLES: Final = 3
"""So many readings in a row are no single one that was wrong."""
BRAKE_OPENS_S: Final = 0.07
BRAKE_CLOSES_S: Final = 0.1
COASTS_S: Final = 4.0
"""Without a brake a table whose torque was cut on its way is slowed by its gear's friction alone."""
STAND_DPS2: Final = 8.0
LEAST_ACCEL_DPS2: Final = 1.0
_MOVE: Final = CommandMode.MOVE
_OFF: Final = CommandMode.TORQUE_OFF
_U16: Final = 0xFFFF
_U32: Final = 0xFFFFFFFF


class DriveSetup(NamedTuple):
    """What the builder of a table says of the drive; lengths of the table in degrees, everything else the drive's."""

    scale: float
    """The drive's units of position in a degree of the table."""
    direction: int
    """1: counts up toward inversion; -1: down."""
    zero_deg: float | None
    """Table angle at the drive's position 0; None for a drive that counts from where it was switched on."""
    current_a: float
    """The motor's rated current."""
    upright_deg: float
    inverted_limit_deg: float
    max_rate_dps: float
    capabilities: Capabilities
    timeout_s: float = 0.2
    """The drive's timeout that is set, or asked for where it can only be read."""
    address: int = 0
    serial: int | None = None
    """Stands in for the drive's own serial number: that of a simulator, on which nobody lies."""


class Order(NamedTuple):
    """What an exchange tells the motor, as ``PolledDrive`` makes it of a ``SafeCommand``."""

    torque: bool
    """False: torque off; then the rest counts for nothing."""
    rate_dps: float
    accel_dps2: float
    current_a: float
    clear_faults: bool


STAND: Final = Order(False, 0.0, STAND_DPS2, 0.0, False)


class Reading(NamedTuple):
    """What one exchange measured."""

    position: float | None
    """In the drive's units, as it counts."""
    rate_dps: float | None
    current_a: float | None
    """Positive when the motor drives toward inversion."""
    bus_v: float | None
    drive_temperature_c: float | None
    motor_temperature_c: float | None
    faults: int
    torque_on: bool
    """The drive says, or nothing speaks against it, that its power stage is on."""
    inputs: int = 0
    refused: bool = False
    """The drive did not take the order."""
    timed_out: bool = False
    """The drive says that its timeout ran out."""


class Dialogue(Protocol):
    """What to say to one make of drive. Owns no port, reads no clock, never raises whatever bytes come."""

    @property
    def identity(self) -> tuple[int, tuple[int, int, int]]:
        """Serial number and firmware version, as far as the drive tells them."""
        ...

    @property
    def timeout_s(self) -> float | None:
        """The drive's timeout as it was read back; None: not known, or none."""
        ...

    @property
    def problem(self) -> str | None:
        """Why there is no session, and what to do."""
        ...

    @property
    def frames(self) -> int:
        """Answers that were right."""
        ...

    @property
    def corrupted(self) -> int:
        """Answers that were wrong."""
        ...

    @property
    def identified(self) -> bool:
        """All that has to be known and set before a session is."""
        ...

    @property
    def was_reset(self) -> bool:
        """The drive forgot what it was told: it was off, or another one is there."""
        ...

    def begin(self) -> None:
        """Forget the drive; identify it anew."""
        ...

    def ask(self, order: Order) -> bytes:
        """Give the next request: a step of the identification until that is over, then an exchange with the order."""
        ...

    def feed(self, data: bytes) -> None:
        """Take bytes from the drive."""
        ...

    @property
    def waiting(self) -> bool:
        """Tell whether an answer is still to come."""
        ...

    def take(self) -> Reading | None:
        """Give what the exchange that just ended measured; None in the identification."""
        ...

    def more(self) -> bytes:
        """Give what is to be sent next within an exchange that takes several requests; empty while an answer is due."""
        ...

    def give_up(self) -> None:
        """Forget the request whose answer did not come."""
        ...


class PolledDrive:
    """The host's end of the link to a drive that answers."""

    def __init__(self, dialogue: Dialogue, setup: DriveSetup, draw_nonce: Callable[[], int]) -> None:
        """``draw_nonce`` gives a new random number of 32 bits at each call: the session, which such drives lack."""
        self.setup = setup
        self.dialogue = dialogue
        self._draw_nonce = draw_nonce
        self._zero_deg = setup.zero_deg
        self._session = 0
        self._boots = 0
        self._sequence = 0
        self._asked_s: float | None = None
        """When the exchange under way began; None between two."""
        self._unanswered: deque[float] = deque(maxlen=UNANSWERED)
        """When requests were made of which nothing has come yet, before there is a session; answers come in order."""
        self._late_s = 0.0
        self._sent_s = 0.0
        self._ordered_s: float | None = None
        self._accepted: tuple[int, float] | None = None
        self._rejected = 0
        self._missed = 0
        self._answered_s = 0.0
        self._due_s = 0.0
        self._quiet_s = 0.0
        self._looked_s: float | None = None
        self._expired = False
        self._told = STAND
        self._stop = _Stop(setup)
        self._identified_s: float | None = None
        self.homing = False
        """Somebody else will say at which angle the table stands: wait for that before a session begins."""
        self.position: float | None = None
        """The newest position, in the drive's units."""
        self._position_s = 0.0
        self.rate_dps: float | None = None
        """The newest rate."""
        self.config: BoardConfig | None = None
        """The drive of the present session; None while there is none."""
        self.health = LinkHealth()

    @property
    def capabilities(self) -> Capabilities:
        """What this drive can do, with the timeout that was read back from it."""
        return self.setup.capabilities._replace(timeout_s=self.dialogue.timeout_s)

    @property
    def problem(self) -> str | None:
        """Say why there is no session, and what to do; None while there is one or nothing is wrong yet."""
        if self.config is not None:
            return None
        if self.dialogue.problem is not None:
            return self.dialogue.problem
        late = self.health.trips.too_late(REPLY_S)
        if late:
            return f"the {self.setup.capabilities.name} answers, but {late}"
        if self.health.bytes_in > NOTICE_BYTES and not self.dialogue.frames:
            name = self.setup.capabilities.name
            return f"bytes arrive, but none is an answer of a {name}: check baud rate and kind, or use another port"
        return None

    @property
    def homed(self) -> bool:
        """Tell whether the drive's position is known as an angle."""
        return self._zero_deg is not None

    def home(self, angle_deg: float, position: float) -> None:
        """Say at which angle the table stood when the drive's position was ``position``."""
        self._zero_deg = angle_deg - self.setup.direction * position / self.setup.scale

    def patience_s(self, now_s: float) -> float:
        """How long a loop may wait for bytes before it has to look here again."""
        if self._asked_s is not None:
            return IDLE_WAIT_S
        return min(max(self._due_s - now_s, self._quiet_s - now_s, 0.0), IDLE_WAIT_S)

    def reset(self) -> None:
        """Begin anew on a port that was opened again. The session goes on if the drive kept its settings."""
        self._asked_s = None
        self.dialogue.give_up()
        self.health.reconnections += 1

    def receive(self, data: bytes, now_s: float) -> list[Telemetry]:
        """Take bytes; give the telemetry in them that may be believed. Never raises."""
        health, dialogue = self.health, self.dialogue
        if self._looked_s is not None:
            health.take_gap(now_s - self._looked_s)
        self._looked_s = now_s
        if not data:
            return []
        health.bytes_in += len(data)
        if self._asked_s is None:
            self._quiet_s = max(self._quiet_s, now_s + QUIET_S)  # nobody asked: wait until the line is quiet
            self._take_late(now_s)
            health.foreign_frames += 1
            return []
        dialogue.feed(data)
        health.corrupted_frames = dialogue.corrupted
        if dialogue.waiting:
            if now_s - self._asked_s < ANSWER_MOST_S:
                self._sent_s = now_s  # the answer is under way
            return []
        asked_s, self._asked_s = self._asked_s, None
        if self._unanswered:
            self._unanswered.popleft()
        self._missed, self._answered_s = 0, now_s
        return self._answered(asked_s, now_s)

    def transmit(self, command: SafeCommand | None, now_s: float) -> bytes:
        """Give the bytes to send in this tick: a step of the identification, an exchange, or nothing yet."""
        if self._asked_s is not None:
            more = self.dialogue.more()
            if more:
                self._sent_s = now_s
                return more
            if now_s - self._sent_s < REPLY_S:
                return b""
            self._give_up(now_s)
        if now_s < self._due_s or now_s < self._quiet_s:
            return b""
        self._asked_s, self._sent_s, self._due_s = now_s, now_s, now_s + PERIOD_S
        if self.config is None:
            self._unanswered.append(now_s)
        gap_s = 0.0 if self._ordered_s is None else now_s - self._ordered_s
        self._expired = self.config is not None and gap_s > self.config.watchdog_s
        if self._expired:
            self._stop = self._stop.anew()  # the drive has stopped by itself: what moves now begins anew
        order = self._stop.order(command, now_s)
        if self.config is not None:
            self._sequence = (self._sequence + 1) & _U16
        self._ordered_s, self._told = now_s, order
        return self.dialogue.ask(order)

    def _take_late(self, now_s: float) -> None:
        """Bytes came that nobody waited for: the answer to a request that was given up, or more of one."""
        new = now_s - self._late_s > QUIET_S
        self._late_s = now_s
        while self._unanswered and now_s - self._unanswered[0] > LATEST_S:
            self._unanswered.popleft()
        if new and self._unanswered:
            self.health.trips.late.append(now_s - self._unanswered.popleft())

    def _give_up(self, now_s: float) -> None:
        self.health.lost_frames += 1
        self._asked_s = None
        self._quiet_s = max(self._quiet_s, now_s + QUIET_S * 2.0 ** min(self._missed, DOUBLED_MOST))
        self._missed += 1
        self.dialogue.give_up()
        if now_s - self._answered_s > FORGET_S:
            self._answered_s = now_s
            self._forget()  # but not where it was: it may only have been silent

    def _forget(self) -> None:
        self.dialogue.begin()
        self.config = self._identified_s = None
        self._accepted = self._ordered_s = None
        self._rejected = 0

    def _answered(self, asked_s: float, now_s: float) -> list[Telemetry]:
        health, dialogue, config = self.health, self.dialogue, self.config
        reading = dialogue.take()
        if config is None:
            if dialogue.identified:
                self._begin(reading, now_s)
            return []
        if dialogue.was_reset or (reading is not None and self._began_anew(reading.position, now_s)):
            # No session without a drive that remembers it: the safety layer sees that it is gone.
            health.board_reboots += 1
            self._forget()
            self._zero_deg, self.position = self.setup.zero_deg, None
            return []
        trip_s = now_s - asked_s
        if reading is None:
            return []
        if trip_s > STALE_S:
            health.stale_frames += 1
            return []
        health.frames += 1
        health.take_round_trip(trip_s)
        health.take_delay(max(trip_s - (health.round_trip_s or 0.0), 0.0))
        if reading.refused:
            self._rejected = min(self._rejected + 1, 255)
            health.rejected_commands += 1
        else:
            self._rejected = 0
            self._accepted = (self._sequence, asked_s)
        return [self._telemetry(reading, config.session_id, asked_s, now_s)]

    def _begin(self, reading: Reading | None, now_s: float) -> None:
        """The drive is identified: begin the session, once the angle is known at which the table stands."""
        if self._identified_s is None:
            self._identified_s = now_s
        if self.homing and not self.homed and now_s - self._identified_s < HOMING_S:
            if reading is not None:
                self.position, self.rate_dps = reading.position, reading.rate_dps
                self._position_s = now_s
            return
        self._open()

    def _began_anew(self, position: float | None, now_s: float) -> bool:
        """Tell whether the position is that of a drive that was just switched on, and was elsewhere before.

        A table may have coasted while its drive was silent, and been counted from within that.
        """
        if position is None or self.position is None or self.setup.zero_deg is not None:
            return False
        scale = self.setup.scale
        moved_deg, from_zero_deg = abs(position - self.position) / scale, abs(position) / scale
        coasted_deg = FASTEST_DPS * (now_s - self._position_s)
        near = moved_deg > RESET_DEG and from_zero_deg < RESET_DEG / 2.0
        return near or (moved_deg > RESET_DEG + coasted_deg and from_zero_deg < RESET_DEG / 2.0 + coasted_deg)

    def _open(self) -> None:
        session = 0
        while session in (0, self._session):
            session = self._draw_nonce() & _U32
        self._session = session
        self._unanswered.clear()
        serial, firmware = self.dialogue.identity
        setup = self.setup
        if serial in SIMULATOR_SERIALS:
            serial = 0  # many drives number themselves from 1: that makes them no simulators
        if setup.serial is not None:
            serial = setup.serial
        watchdog_s = self.dialogue.timeout_s
        self._boots += 1
        self.config = BoardConfig(
            session,
            serial,
            firmware,
            self._boots,
            setup.upright_deg,
            setup.inverted_limit_deg,
            setup.max_rate_dps,
            0.0 if watchdog_s is None else watchdog_s,
            self.capabilities.equipment,
        )
        self._stop = _Stop(setup)
        self.health.handshakes += 1

    def _telemetry(self, reading: Reading, session: int, asked_s: float, now_s: float) -> Telemetry:
        setup, zero_deg, position = self.setup, self._zero_deg, reading.position
        if position is not None:
            self.position, self._position_s = position, now_s
        self.rate_dps = reading.rate_dps
        angle_deg = None
        if position is not None and zero_deg is not None:
            angle_deg = setup.direction * position / setup.scale + zero_deg
        obeys = reading.torque_on and not reading.refused
        held = self._stop.take(reading.rate_dps, torque_on=reading.torque_on, obeys=obeys, asked_s=asked_s)
        expired = self._expired or reading.timed_out
        status = (Status.TORQUE_ON if reading.torque_on else 0) | (Status.WATCHDOG_EXPIRED if expired else 0)
        if held and setup.capabilities.holds:
            status |= Status.BRAKE_CLOSED
        if self._told.torque and self._stop.limited:
            status |= Status.RATE_LIMITED
        accepted = self._accepted
        return Telemetry(
            session,
            self._sequence,
            int(asked_s * 1e6) & _U32,
            None if accepted is None else accepted[0],
            None if accepted is None else now_s - accepted[1],
            angle_deg,
            None,
            reading.rate_dps,
            reading.current_a,
            reading.bus_v,
            reading.drive_temperature_c,
            reading.motor_temperature_c,
            reading.inputs,
            status,
            (reading.faults | self._stop.faults) & _ALL_FAULTS,
            self._rejected,
            Reject.RANGE if self._rejected else Reject.NONE,
        )


_ALL_FAULTS: Final = (
    DriveFault.OVERCURRENT
    | DriveFault.OVERTEMPERATURE
    | DriveFault.UNDERVOLTAGE
    | DriveFault.ENCODER
    | DriveFault.BRAKE
    | DriveFault.DRIVER
)


class _Stop:
    """Turns commands into orders: ramps, how a stop ends with the torque off, and when the brake or gear then holds."""

    def __init__(self, setup: DriveSetup) -> None:
        self._setup = setup
        self._ramp_dps = 0.0
        self._ordered_s: float | None = None
        self._began_s: float | None = None
        self._still_since_s: float | None = None
        self._stopped_s: float | None = None
        self._off_since_s: float | None = None
        self._off = True
        self._turned = False
        """The torque went off while the table was told to turn."""
        self._rate_dps: float | None = None
        self._held = False
        self._taken_s = 0.0
        self._stands_since_s: float | None = None
        self._idles = 0
        """How many readings in a row said that the motor does not turn as it is told."""
        self._wild_s: deque[float] = deque(maxlen=WILD_TIMES)
        """When it said last that it turns as fast as no table does."""
        self.limited = False
        """The newest order is slower than the command."""
        self.stuck = False
        """The motor did not turn as told: it gets no torque until it is told to stand."""

    def order(self, command: SafeCommand | None, now_s: float) -> Order:
        """What the drive is told for a command; None is told to stand still."""
        dt_s = 0.0 if self._ordered_s is None else min(max(now_s - self._ordered_s, 0.0), 0.1)
        self._ordered_s = now_s
        if command is None or command.mode != _MOVE:
            stuck, self.stuck, self._stands_since_s = self.stuck, False, None
            if stuck:
                return self._torque_off(clear_faults=False)  # what wound up must not be slowed down by a ramp
        if command is None:
            return self._stand(STAND_DPS2, dt_s, now_s, clear_faults=False)
        mode, rate_dps, accel_dps2, torque_fraction, _, clear_faults = command
        if mode == _MOVE and rate_dps is not None:
            if self.stuck or self.wild:
                return self._torque_off(clear_faults=clear_faults)
            return self._move(rate_dps, max(accel_dps2, LEAST_ACCEL_DPS2), torque_fraction, dt_s, now_s)
        if mode == _OFF:
            return self._torque_off(clear_faults=clear_faults)
        return self._stand(max(accel_dps2, LEAST_ACCEL_DPS2), dt_s, now_s, clear_faults=clear_faults)

    def anew(self) -> "_Stop":
        """Begin anew, without forgetting what the encoder is worth."""
        again = _Stop(self._setup)
        again._wild_s, again._taken_s = self._wild_s, self._taken_s
        return again

    @property
    def faults(self) -> int:
        """Bits of ``DriveFault`` that the drive itself does not see."""
        return (DriveFault.OVERCURRENT if self.stuck else 0) | (DriveFault.ENCODER if self.wild else 0)

    @property
    def wild(self) -> bool:
        """Its encoder is of no use to the drive."""
        wild_s = self._wild_s
        return len(wild_s) == WILD_TIMES and self._taken_s - wild_s[0] < WILD_S

    def take(self, rate_dps: float | None, *, torque_on: bool, obeys: bool, asked_s: float) -> bool:
        """Take what was measured; tells whether brake or gear hold the table by now."""
        before_dps, self._rate_dps = self._rate_dps, rate_dps
        if rate_dps is not None and not abs(rate_dps) <= FASTEST_DPS:  # written so that NaN is wild
            self._wild_s.append(asked_s)
        self._watch_motor(rate_dps, before_dps, obeys=obeys, asked_s=asked_s)
        if torque_on:
            self._off_since_s, self._turned = None, False
        elif self._off_since_s is None:
            self._off_since_s = asked_s
            self._turned = self._turned or self._ramp_dps != 0.0  # the drive let go by itself
        closes_s = COASTS_S if self._turned and not self._setup.capabilities.brake else BRAKE_CLOSES_S
        self._held = self._off_since_s is not None and asked_s - self._off_since_s >= closes_s
        return self._held

    def _watch_motor(self, rate_dps: float | None, before_dps: float | None, *, obeys: bool, asked_s: float) -> None:
        """The drive's own rate against what it was told: its rate loop must not wind up without an answer."""
        told_dps, gap_s, self._taken_s = self._ramp_dps, asked_s - self._taken_s, asked_s
        turns = rate_dps is None or rate_dps * told_dps > TURNS_SHARE * told_dps * told_dps
        self._idles = 0 if turns or abs(told_dps) < TURNS_DPS else self._idles + 1
        astray = rate_dps is not None and rate_dps * told_dps < 0.0 and abs(rate_dps) > WRONG_WAY_DPS
        if astray and rate_dps is not None and before_dps is not None and abs(rate_dps) < abs(before_dps):
            turns = True  # a table that coasted the other way is being stopped, as it should be
        if not obeys or turns or abs(told_dps) < TURNS_DPS or gap_s > TURNS_S / 2.0:
            self._stands_since_s = None
        elif self._stands_since_s is None:
            self._stands_since_s = asked_s
        elif asked_s - self._stands_since_s >= (WRONG_WAY_S if astray else TURNS_S):
            self.stuck = True

    def _torque_off(self, *, clear_faults: bool) -> Order:
        self._turned = self._turned or self._ramp_dps != 0.0
        self._off, self._ramp_dps = True, 0.0
        self._still_since_s = self._stopped_s = None
        return Order(False, 0.0, STAND_DPS2, self._setup.current_a, clear_faults)

    def _move(self, rate_dps: float, accel_dps2: float, torque_fraction: float, dt_s: float, now_s: float) -> Order:
        most = self._setup.max_rate_dps
        wanted = min(max(rate_dps, -most), most)
        self.limited = wanted != rate_dps
        if self._off:
            self._ramp_dps = self._taken_over_dps(wanted)
            self._began_s = now_s
        self._off = False
        self._still_since_s = self._stopped_s = None
        opened = self._began_s is None or now_s - self._began_s >= BRAKE_OPENS_S
        if opened or self._ramp_dps != 0.0:
            self._ramp(wanted, accel_dps2, dt_s)
        current_a = self._setup.current_a * min(max(torque_fraction, 0.1), 1.0)
        return Order(True, self._ramp_dps, accel_dps2, current_a, False)

    def _taken_over_dps(self, wanted_dps: float) -> float:
        """A table that turns already is taken over at its rate: the smaller of what drive and command make of it.

        One that brake or gear hold stands, whatever the rate says: an encoder that jumps must not become an order.
        """
        rate_dps = self._rate_dps
        if rate_dps is None or self._held or abs(rate_dps) < SETTLED_DPS or rate_dps * wanted_dps <= 0.0:
            return 0.0
        return min(rate_dps, wanted_dps, key=abs)

    def _stand(self, accel_dps2: float, dt_s: float, now_s: float, *, clear_faults: bool) -> Order:
        # By its own encoder the motor stands already, or turns the other way: what pushes then has wound up.
        if self._off or self._idles >= IDLES:
            return self._torque_off(clear_faults=clear_faults)
        self._ramp(0.0, accel_dps2, dt_s)
        self.limited = False
        if self._ramp_dps == 0.0:
            if self._stopped_s is None:
                self._stopped_s = now_s
            moving = self._rate_dps is not None and abs(self._rate_dps) > SETTLED_DPS
            if moving:
                self._still_since_s = None
            elif self._still_since_s is None:
                self._still_since_s = now_s
            settled = self._still_since_s is not None and now_s - self._still_since_s >= SETTLED_S
            if settled or now_s - self._stopped_s >= SETTLE_MOST_S:
                return self._torque_off(clear_faults=clear_faults)
        return Order(True, self._ramp_dps, accel_dps2, self._setup.current_a, False)

    def _ramp(self, wanted_dps: float, accel_dps2: float, dt_s: float) -> None:
        step = accel_dps2 * dt_s
        self._ramp_dps += min(max(wanted_dps - self._ramp_dps, -step), step)
