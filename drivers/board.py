"""Both ends of the link to the table board: handshake, sessions, freshness. No port, no clock; time is an argument.

``HostLink`` is the host's end. ``BoardLink`` is the board's: the virtual board uses it, and firmware does the same.
What each end believes is the black channel of IEC 61784-3: right CRC, right session, next sequence, fresh.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from drivers import wire
from drivers.capabilities import TABLE_BOARD, Capabilities
from drivers.framing import Deframer, encode_frame
from drivers.health import DRIFT, STALE_S, LinkHealth
from drivers.wire import MotionFields, Type
from safety.signals import BoardConfig, CommandMode, Reject, SafeCommand, Telemetry, board_us_between

FALLBACK_S: Final = 0.02
"""Without telemetry a tick begins this long after the last one."""
LEAST_S: Final = 0.008
"""More often no command goes without new telemetry, unless its mode is another: where a frame comes in pieces, each
piece would be answered by one, and the line does not carry so many."""
HELLO_PERIOD_S: Final = 0.1
FORGET_DELAY_S: Final = 1.0
"""After so long a silence the way may be another one: the quickest frames are looked for anew."""
ORDER_S: Final = 60.0
"""After so long a silence the sequence may have gone around, and the board's clock alone tells old from new, ..."""
CLOCK_ORDER_S: Final = 1800.0
"""... and after so long nothing does: the next frame of the session is believed."""
NOTICE_BYTES: Final = 400
"""So many bytes without a frame are not a table board."""
BOARD_STALE_US: Final = 100_000
TAKEOVER_US: Final = 250_000
"""A board that obeyed a command this recently is in use: no handshake takes it over."""
MAX_ACCEL_DPS2: Final = 30.0
_TELEMETRY_BYTES: Final = wire.TELEMETRY_FRAME.size
_MOTION_BYTES: Final = wire.MOTION_FRAME.size
_MOVE: Final = int(CommandMode.MOVE)
_ACCEPTED: Final = Reject.NONE
_HALF: Final = 0x8000
_HALF_CLOCK: Final = 0x80000000
_U16: Final = 0xFFFF
_U32: Final = 0xFFFFFFFF


class HostLink:
    """The host's end: handshakes until a board answers, then telemetry in and motion commands out."""

    def __init__(self, draw_nonce: Callable[[], int], serial: int | None = None) -> None:
        """``draw_nonce`` gives a new random number of 32 bits at each call; ``serial`` is the one board to accept."""
        self._draw_nonce = draw_nonce
        self._serial = serial
        self._wrong_serial: int | None = None
        self._deframer = Deframer()
        self._nonce = 0
        self._next_hello_s: float | None = None
        self._sequence = 0
        self._newest: Telemetry | None = None
        self._offset_s: float | None = None
        self._heard_s: float | None = None
        self._looked_s: float | None = None
        self._sent: deque[tuple[int, float]] = deque(maxlen=64)
        self._answered: Telemetry | None = None
        self._mode: CommandMode | None = None
        self._commanded_s = 0.0
        self._hellos: deque[tuple[int, float]] = deque(maxlen=64)
        self._wrong_version: int | None = None
        self._strange_session: int | None = None
        self.config: BoardConfig | None = None
        """The board of the present session; None while there is none."""
        self.health = LinkHealth()

    @property
    def capabilities(self) -> Capabilities:
        """What every table board can do, with the watchdog time that this one told."""
        return TABLE_BOARD._replace(timeout_s=None if self.config is None else self.config.watchdog_s)

    @property
    def problem(self) -> str | None:
        """Say why there is no session, and what to do; None while there is one or nothing is wrong yet."""
        if self.config is not None:
            return None
        if self._wrong_version is not None:
            return (
                f"the board speaks protocol version {self._wrong_version}, this host speaks {wire.VERSION}: "
                "update the board's firmware or this program"
            )
        if self._wrong_serial is not None:
            return (
                f"the board has serial number {self._wrong_serial}, the table file names {self._serial}: "
                "use the table's own file, or the other port"
            )
        late = self.health.round_trips.too_late(HELLO_PERIOD_S)
        if late:
            return f"the board answers the handshake, but {late}"
        if self.health.bytes_in > NOTICE_BYTES and not self._deframer.frames:
            return "bytes arrive, but none is a frame of the table board: check the baud rate, or use another port"
        return None

    def patience_s(self, now_s: float) -> float:  # noqa: ARG002 - a board sends by itself
        """How long a loop may wait for bytes before it has to look here again."""
        return FALLBACK_S

    def reset(self) -> None:
        """Begin anew on a port that was opened again. The session goes on if the board kept it."""
        self._deframer.clear()
        self._offset_s = None
        self.health.reconnections += 1

    def receive(self, data: bytes, now_s: float) -> list[Telemetry]:
        """Take bytes; give the telemetry in them that may be believed, in order. Never raises."""
        health, deframer = self.health, self._deframer
        if self._looked_s is not None:
            health.take_gap(now_s - self._looked_s)
        self._looked_s = now_s
        self._strange_session = None
        if not data:
            return []
        found: list[Telemetry] = []
        for payload in deframer.feed(data):
            if len(payload) == _TELEMETRY_BYTES and payload[0] == wire.VERSION and payload[1] == wire.TELEMETRY_TYPE:
                telemetry = self._telemetry(wire.decode_telemetry(payload), now_s)
                if telemetry is not None:
                    found.append(telemetry)
            else:
                self._other(payload, now_s)
        health.bytes_in = deframer.bytes_in
        health.corrupted_frames = deframer.corrupted_frames + deframer.oversized_frames
        return found

    def transmit(self, command: SafeCommand | None, now_s: float) -> bytes:
        """Give the bytes to send in this tick: a motion command, a handshake while there is no session, or nothing."""
        config, newest = self.config, self._newest
        if config is None:
            return self._hello(now_s)
        if command is None or newest is None:
            return b""
        again = newest is self._answered and command.mode is self._mode
        if again and 0.0 <= now_s - self._commanded_s < LEAST_S:
            return b""
        self._answered, self._mode, self._commanded_s = newest, command.mode, now_s
        self._sequence = (self._sequence + 1) & _U16
        self._sent.append((self._sequence, now_s))
        time_ms = int(now_s * 1000.0) & _U32
        payload = wire.encode_motion(config.session_id, self._sequence, newest.sequence, time_ms, command)
        return encode_frame(payload)

    def _hello(self, now_s: float) -> bytes:
        if self._next_hello_s is not None and now_s < self._next_hello_s:
            return b""
        self._next_hello_s = now_s + HELLO_PERIOD_S
        self._nonce = self._draw_nonce() & _U32
        self._hellos.append((self._nonce, now_s))
        payload = wire.HELLO_FRAME.pack(wire.VERSION, Type.HELLO, 0, 0, self._nonce, wire.VERSION, wire.VERSION)
        return encode_frame(payload)

    def _other(self, payload: bytes, now_s: float) -> None:
        if len(payload) >= wire.HEADER.size and payload[wire.VERSION_AT] != wire.VERSION:
            self._wrong_version = payload[wire.VERSION_AT]
        elif len(payload) == wire.WELCOME_FRAME.size and payload[1] == Type.WELCOME:
            self._welcome(payload, now_s)
            return
        self.health.foreign_frames += 1

    def _welcome(self, payload: bytes, now_s: float) -> None:
        (
            _, _, session, _, nonce, serial, major, minor, patch, boots, upright, inverted, rate, watchdog,
        ) = wire.WELCOME_FRAME.unpack(payload)  # fmt: skip
        if nonce != self._nonce or session == 0 or self.config is not None:
            self.health.foreign_frames += 1
            self._take_late(nonce, now_s)
            return
        if self._serial is not None and serial != self._serial:
            self._wrong_serial = serial
            return
        firmware = (major, minor, patch)
        self.config = BoardConfig(
            session, serial, firmware, boots, upright / 1e3, inverted / 1e3, rate / 1e2, watchdog / 1e3
        )
        self._wrong_version = self._wrong_serial = None
        self._newest = self._offset_s = None
        self._sequence = 0
        self._sent.clear()
        self.health.handshakes += 1

    def _take_late(self, nonce: int, now_s: float) -> None:
        """Take note of an answer to a handshake that a newer one has replaced already."""
        for asked, sent_s in self._hellos:
            if asked == nonce and nonce != self._nonce:
                self.health.round_trips.late.append(now_s - sent_s)

    def _telemetry(self, t: Telemetry, now_s: float) -> Telemetry | None:
        config, health = self.config, self.health
        if config is None:
            if t.session_id == self._strange_session:
                return t  # behind the one that told of it, in the same bytes: after a stall the first one is long past
            health.foreign_frames += t.session_id != 0
            return None
        if t.session_id != config.session_id:
            # The board lost our session: say so once, and begin anew.
            health.board_reboots += 1
            self.config = self._newest = None
            self._next_hello_s = None
            self._strange_session = t.session_id
            return t
        if not self._in_order(t, now_s) or not self._fresh(t, now_s):
            return None
        health.frames += 1
        if t.rejected_in_row:
            before = 0 if self._newest is None else self._newest.rejected_in_row
            health.rejected_commands += max(t.rejected_in_row - before, 0)
        self._take_echo(t, now_s)
        self._newest, self._heard_s = t, now_s
        return t

    def _in_order(self, t: Telemetry, now_s: float) -> bool:
        newest, health = self._newest, self.health
        if newest is None or self._heard_s is None:
            return True
        silent_s = now_s - self._heard_s
        if silent_s > ORDER_S:
            newer = (
                silent_s > CLOCK_ORDER_S or 0 < board_us_between(newest.board_time_us, t.board_time_us) < _HALF_CLOCK
            )
            health.reordered_frames += not newer
            return newer
        ahead = (t.sequence - newest.sequence) & _U16
        if ahead == 1:
            return True
        if ahead == 0:
            health.repeated_frames += 1
            return False
        if ahead >= _HALF:
            health.reordered_frames += 1
            health.lost_frames -= health.lost_frames > 0  # it was not lost after all
            return False
        health.lost_frames += ahead - 1
        return True

    def _fresh(self, t: Telemetry, now_s: float) -> bool:
        newest = self._newest
        if self._offset_s is None or newest is None or self._heard_s is None or now_s - self._heard_s > FORGET_DELAY_S:
            self._offset_s = 0.0
            self.health.take_delay(0.0)
            return True
        # Arrival against the board's clock, both since the last frame that was believed.
        passed_s = board_us_between(newest.board_time_us, t.board_time_us) * 1e-6
        delay_s = self._offset_s + (now_s - self._heard_s) - passed_s * (1.0 + DRIFT)
        if delay_s > STALE_S:
            self.health.take_delay(delay_s)
            self.health.stale_frames += 1
            return False
        self._offset_s = max(delay_s, 0.0)
        self.health.take_delay(self._offset_s)
        return True

    def _take_echo(self, t: Telemetry, now_s: float) -> None:
        echo, sent = t.echoed_sequence, self._sent
        if echo is None:
            return
        while sent and ((echo - sent[0][0]) & _U16) < _HALF:
            sequence, sent_s = sent.popleft()
            if sequence == echo:
                self.health.take_round_trip(now_s - sent_s)


class BoardIdentity(NamedTuple):
    """What a board says of itself at the handshake."""

    serial: int
    firmware: tuple[int, int, int]
    boot_count: int
    upright_deg: float
    inverted_limit_deg: float
    max_rate_dps: float
    watchdog_s: float


class BoardLink:
    """The board's end: answers handshakes, judges motion commands, sends telemetry."""

    def __init__(self, identity: BoardIdentity, draw_session: Callable[[], int], period_us: int = 10_000) -> None:
        """``draw_session`` gives a new random number of 32 bits at each call."""
        self.identity = identity
        self._draw_session = draw_session
        self._period_us = period_us
        self._deframer = Deframer()
        self._replies = b""
        self._telemetry_sequence = 0
        self._newest_motion: int | None = None
        self._accepted_us: int | None = None
        self.session_id = 0
        self.rejected_in_row = 0
        self.reject_reason = Reject.NONE

    def receive(self, data: bytes, now_us: int) -> list[MotionFields]:
        """Take bytes; give the motion commands in them that may be obeyed. Never raises."""
        orders = []
        for payload in self._deframer.feed(data):
            if len(payload) < wire.HEADER.size:
                continue
            if payload[1] == wire.MOTION_TYPE and payload[0] == wire.VERSION:
                fields = self._motion(payload, now_us)
                if fields is not None:
                    orders.append(fields)
            elif payload[1] == Type.HELLO and len(payload) == wire.HELLO_FRAME.size:
                self._hello(payload, now_us)
        return orders

    def command_age_s(self, now_us: int) -> float | None:
        """Time since a command was accepted in this session; None before the first."""
        return None if self._accepted_us is None else (now_us - self._accepted_us) * 1e-6

    @property
    def echo(self) -> int | None:
        """Sequence of the newest accepted command; None before the first."""
        return self._newest_motion

    def next_sequence(self) -> int:
        """Count a telemetry frame."""
        self._telemetry_sequence = (self._telemetry_sequence + 1) & _U16
        return self._telemetry_sequence

    def telemetry(self, t: Telemetry) -> bytes:
        """Give a telemetry frame, after whatever handshake is to be answered."""
        replies, self._replies = self._replies, b""
        return replies + encode_frame(wire.encode_telemetry(t))

    def _hello(self, payload: bytes, now_us: int) -> None:
        _, _, _, _, nonce, lowest, highest = wire.HELLO_FRAME.unpack(payload)
        in_use = self._accepted_us is not None and now_us - self._accepted_us < TAKEOVER_US
        if in_use or not lowest <= wire.VERSION <= highest:
            return  # a host of another version learns ours from the telemetry
        before = self.session_id
        while self.session_id in (0, before):
            self.session_id = self._draw_session() & _U32
        self._newest_motion = self._accepted_us = None
        self.rejected_in_row, self.reject_reason = 0, Reject.NONE
        self._replies = encode_frame(self._welcome(nonce))

    def _welcome(self, nonce: int) -> bytes:
        identity = self.identity
        return wire.WELCOME_FRAME.pack(
            wire.VERSION,
            Type.WELCOME,
            self.session_id,
            0,
            nonce,
            identity.serial,
            *identity.firmware,
            identity.boot_count,
            round(identity.upright_deg * 1e3),
            round(identity.inverted_limit_deg * 1e3),
            round(identity.max_rate_dps * 1e2),
            round(identity.watchdog_s * 1e3),
        )

    def _motion(self, payload: bytes, now_us: int) -> MotionFields | None:
        if len(payload) != _MOTION_BYTES:
            self._refuse(Reject.LENGTH)
            return None
        fields = wire.decode_motion(payload)
        if self.session_id == 0 or fields.session_id != self.session_id:
            self._refuse(Reject.SESSION)
            return None
        newest = self._newest_motion
        if newest is not None and not 0 < ((fields.sequence - newest) & _U16) < _HALF:
            self._refuse(Reject.SEQUENCE)
            return None
        behind = (self._telemetry_sequence - fields.telemetry_sequence) & _U16
        if behind * self._period_us > BOARD_STALE_US:
            self._refuse(Reject.STALE)
            return None
        if not self._in_range(fields):
            self._refuse(Reject.RANGE)
            return None
        self._newest_motion, self._accepted_us = fields.sequence, now_us
        self.rejected_in_row, self.reject_reason = 0, _ACCEPTED
        return fields

    def _in_range(self, fields: MotionFields) -> bool:
        fast = self.identity.max_rate_dps + 0.01
        return (
            fields.mode <= _MOVE
            and -fast <= fields.rate_dps <= fast
            and fields.accel_dps2 <= MAX_ACCEL_DPS2
            and fields.torque_fraction <= 1.0
        )

    def _refuse(self, reason: Reject) -> None:
        self.rejected_in_row = min(self.rejected_in_row + 1, 255)
        self.reject_reason = reason
