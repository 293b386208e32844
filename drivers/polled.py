"""A drive that speaks only when asked: the host's end of the link, behind the interface of ``drivers.board.HostLink``.

What differs from make to make is a ``drivers.dialogue``: which bytes to send and what the answers mean. What is the
same stands here: identify the drive and read back its timeout before there is a session; then one exchange after the
other, each with the order in it that ``drivers.orders`` makes of the command; what is late, lost or refused.

No exchange goes out without an order, for a drive's timeout is fed by whatever it understands: without a command the
order is to stand still.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from drivers.capabilities import Capabilities
from drivers.dialogue import STAND, Dialogue, DriveSetup, Reading
from drivers.health import STALE_S, LinkHealth
from drivers.orders import WILD_DPS, Orders
from drivers.round_trips import ENOUGH
from safety.signals import (
    SIMULATOR_SERIALS,
    BoardConfig,
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
IDLE_WAIT_S: Final = 0.02
NOTICE_BYTES: Final = 400
LATEST_S: Final = 1.0
"""What comes later than this is no answer any more."""
UNANSWERED: Final = 32
UNASKED_MOST: Final = ENOUGH
"""As many as late answers are kept: what talks on without being asked is no drive, however often it was asked."""
_U16: Final = 0xFFFF
_U32: Final = 0xFFFFFFFF
_ALL_FAULTS: Final = (
    DriveFault.OVERCURRENT
    | DriveFault.OVERTEMPERATURE
    | DriveFault.UNDERVOLTAGE
    | DriveFault.ENCODER
    | DriveFault.BRAKE
    | DriveFault.DRIVER
)


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
        self._late_s = self._late_began_s = 0.0
        self._unasked = 0
        """Pieces that came when no answer was outstanding, or went on for longer than an answer: somebody else's."""
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
        self._orders = Orders(setup)
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
        round_trips = self.health.round_trips
        late = round_trips.too_late(REPLY_S)
        if late and len(round_trips.late) > self._unasked:
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
            self._orders = self._orders.anew()  # the drive has stopped by itself: what moves now begins anew
        order = self._orders.order(command, now_s)
        if self.config is not None:
            self._sequence = (self._sequence + 1) & _U16
        self._ordered_s, self._told = now_s, order
        return self.dialogue.ask(order)

    def _take_late(self, now_s: float) -> None:
        """Bytes came that nobody waited for: the answer to a request that was given up, or more of one."""
        new = now_s - self._late_s > QUIET_S
        self._late_s = now_s
        if new:
            self._late_began_s = now_s
        elif now_s - self._late_began_s > ANSWER_MOST_S:
            self._late_began_s = now_s
            self._unasked = max(self._unasked, UNASKED_MOST) + 1
        while self._unanswered and now_s - self._unanswered[0] > LATEST_S:
            self._unanswered.popleft()
        if new and self._unanswered:
            self.health.round_trips.late.append(now_s - self._unanswered.popleft())
        elif new:
            self._unasked += 1

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
        round_trip_s = now_s - asked_s
        if reading is None:
            return []
        if round_trip_s > STALE_S:
            health.stale_frames += 1
            return []
        health.frames += 1
        health.take_round_trip(round_trip_s)
        health.take_delay(max(round_trip_s - (health.round_trip_s or 0.0), 0.0))
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
        coasted_deg = WILD_DPS * (now_s - self._position_s)
        near = moved_deg > RESET_DEG and from_zero_deg < RESET_DEG / 2.0
        return near or (moved_deg > RESET_DEG + coasted_deg and from_zero_deg < RESET_DEG / 2.0 + coasted_deg)

    def _open(self) -> None:
        session = 0
        while session in (0, self._session):
            session = self._draw_nonce() & _U32
        self._session = session
        self._unanswered.clear()
        self._unasked = 0
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
        self._orders = Orders(setup)
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
        held = self._orders.take(reading.rate_dps, torque_on=reading.torque_on, obeys=obeys, asked_s=asked_s)
        expired = self._expired or reading.timed_out
        status = (Status.TORQUE_ON if reading.torque_on else 0) | (Status.WATCHDOG_EXPIRED if expired else 0)
        if held and setup.capabilities.holds:
            status |= Status.BRAKE_CLOSED
        if self._told.torque and self._orders.limited:
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
            (reading.faults | self._orders.faults) & _ALL_FAULTS,
            self._rejected,
            Reject.RANGE if self._rejected else Reject.NONE,
        )
