"""VESC motor controllers over UART or USB: packets, and its ``drivers.dialogue``.

A packet is 0x02 and one byte of length (0x03 and two, from 256 bytes on), the payload, a CRC-16 (XMODEM) over the
payload, and 0x03; all numbers are big-endian. A payload begins with the command, and the answer with the same. Orders
are not answered; an order, and nothing else, feeds the controller's timeout.

Source: the published firmware (``datatypes.h``, ``commands.c``, ``packet.c``, ``confgenerator.c`` of versions 5 and 6).
"""

import re
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from heapq import heappop, heappush
from struct import Struct
from typing import Final, NamedTuple

from fastcrc.crc16 import xmodem

from drivers.dialogue import LONGEST_TIMEOUT_S, DriveSetup, Order, Reading
from drivers.orders import SETTLED_DPS
from safety.signals import DriveFault

SHORT: Final = 2
LONG: Final = 3
STOP: Final = 3
SHORT_MOST: Final = 255
SHORTEST_HEAD: Final = 2
LONGEST_HEAD: Final = 3
TAIL_BYTES: Final = 3
LONGEST_PAYLOAD: Final = 1024
KEPT_BYTES: Final = LONGEST_PAYLOAD + 6
_BEGINNING: Final = re.compile(b"[\x02\x03]")
ERPM_PER_STEP_S: Final = 10.0
"""The tachometer counts six steps in an electrical turn; 60 s in a minute."""


class Command(IntEnum):
    """The commands used here."""

    FIRMWARE = 0
    SET_CURRENT = 6
    SET_CURRENT_BRAKE = 7
    SET_RPM = 8
    SET_HANDBRAKE = 10
    GET_APP_CONFIG = 17
    GET_VALUES_SELECTIVE = 50


class Fault(IntEnum):
    """The controller's fault codes that are told apart here."""

    NONE = 0
    OVER_VOLTAGE = 1
    UNDER_VOLTAGE = 2
    DRIVER = 3
    OVER_CURRENT = 4
    OVER_TEMPERATURE_STAGE = 5
    OVER_TEMPERATURE_MOTOR = 6
    GATE_UNDER_VOLTAGE = 8
    CPU_UNDER_VOLTAGE = 9
    BOOTED_FROM_WATCHDOG = 10
    ENCODER_SPI = 11
    UNBALANCED_CURRENTS = 18


_FAULTS: Final = {
    **dict.fromkeys((2, 8, 9), DriveFault.UNDERVOLTAGE),
    **dict.fromkeys((4, 18), DriveFault.OVERCURRENT),
    **dict.fromkeys((5, 6), DriveFault.OVERTEMPERATURE),
    **dict.fromkeys((11, 12, 13, 20, 21, 22, 25, 26, 28), DriveFault.ENCODER),
}
"""What each code is to the safety layer; every other one is a power stage that failed."""

MASK: Final = 1 << 0 | 1 << 1 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 13 | 1 << 15 | 1 << 21
"""Temperatures of stage and motor, torque current, speed, supply, tachometer, fault, status."""
STATUS_BIT: Final = 1 << 21
TAGS: Final = (0, 1 << 17, 1 << 16, 1 << 16 | 1 << 17)
TAG_BYTES: Final = {0: 0, 1 << 17: 1, 1 << 16: 4, 1 << 16 | 1 << 17: 5}
"""Values that are asked for in turn because the answer repeats what was asked: so a late answer shows as one.
The position of the controller's own loop (four bytes), and its number (one)."""
VALUES: Final = Struct(">BIhhiihiB")
"""Command, mask, then those values, but for the status byte, which firmware before 6 leaves out."""
TIMED_OUT: Final = 1
"""Bit of the status byte."""
APP_CONFIG: Final = Struct(">BIBI")
"""Command, signature, controller's number, timeout in ms: how the configuration begins, whatever follows."""
_ORDER: Final = Struct(">Bi")


def encode_packet(payload: bytes) -> bytes:
    """Wrap a payload. Raises ``ValueError`` if it is empty or longer than ``LONGEST_PAYLOAD``."""
    if not 0 < len(payload) <= LONGEST_PAYLOAD:
        raise ValueError(f"a payload of {len(payload)} bytes does not fit a packet; 1 to {LONGEST_PAYLOAD}")
    length = len(payload)
    head = bytes((SHORT, length)) if length <= SHORT_MOST else bytes((LONG, length >> 8, length & 0xFF))
    return b"%b%b%b\x03" % (head, payload, xmodem(payload).to_bytes(2, "big"))


def encode_order(command: int, value: int) -> bytes:
    """Give the packet of an order with its value: electrical turns a minute, or mA."""
    return encode_packet(_ORDER.pack(command, value))


REQUESTS: Final = tuple(encode_packet(Struct(">BI").pack(Command.GET_VALUES_SELECTIVE, MASK | tag)) for tag in TAGS)


class _Begun(NamedTuple):
    """What may be a packet, by places in the stream."""

    end: int
    at: int
    payload_at: int


class Deframer:
    """Cuts a stream of bytes into payloads whose CRC is right.

    Each place at which a packet may begin is looked at once, and its CRC computed once, when its last byte is there:
    hostile bytes cost no more for each byte than a few packets do.
    """

    __slots__ = ("_behind", "_by_end", "_by_place", "_looked", "_rest", "_start", "corrupted", "frames")

    def __init__(self) -> None:
        self.frames = 0
        self.corrupted = 0
        self.clear()

    def clear(self) -> None:
        """Forget half a packet."""
        self._rest = b""
        self._start = 0
        """The place of the first byte that is kept; a place is a number of bytes since ``clear``."""
        self._looked = 0
        """Before this place all beginnings are known."""
        self._behind = 0
        """Before this place all belongs to packets that were given."""
        self._by_end: list[_Begun] = []
        """A heap: what ends first is first."""
        self._by_place: deque[_Begun] = deque()

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes; give the payloads that they complete, in order."""
        if not self._rest and _is_packet(data):
            self.frames += 1
            return [data[_extent(data, 0)[0] : -TAIL_BYTES]]  # the usual case: one whole packet
        self._rest += data
        self._look()
        end = self._start + len(self._rest)
        whole = []
        while self._by_end and self._by_end[0].end <= end:
            whole.append(heappop(self._by_end))
        places = self._by_place
        while places and places[0].end <= end:
            places.popleft()
        found = [payload for one in sorted(whole, key=_place) if (payload := self._payload(one)) is not None]
        self.frames += len(found)
        while places and (places[0].end <= end or places[0].at < self._behind):
            places.popleft()
        # Behind the first place at which a packet may still begin everything is needed.
        first = places[0].at if places else max(self._looked, self._behind)
        self._rest, self._start = self._rest[first - self._start :], first
        return found

    def _look(self) -> None:
        """Take note of the places at which a packet may begin; not yet of those whose length is not whole."""
        rest, start = self._rest, self._start
        until = max(len(rest) - LONGEST_HEAD + 1, 0)
        for begin in _BEGINNING.finditer(rest, max(self._looked - start, 0), until):
            payload_at, length = _extent(rest, begin.start())
            if length:
                one = _Begun(start + payload_at + length + TAIL_BYTES, start + begin.start(), start + payload_at)
                heappush(self._by_end, one)
                self._by_place.append(one)
        self._looked = max(self._looked, start + until)

    def _payload(self, one: _Begun) -> bytes | None:
        """Give the payload if all of its packet is right, and none of it belongs to another that was."""
        if one.at < self._behind:
            return None
        packet = self._rest[one.at - self._start : one.end - self._start]
        if _is_packet(packet):
            self._behind = one.end
            return packet[one.payload_at - one.at : -TAIL_BYTES]
        # Within what may be a packet that is not whole yet, nothing is known to be wrong.
        self.corrupted += not self._by_place or one.at < self._by_place[0].at
        return None


def _place(one: _Begun) -> int:
    return one.at


def _is_packet(data: bytes) -> bool:
    """Tell whether the bytes are one packet, whole and right."""
    if len(data) <= SHORTEST_HEAD + TAIL_BYTES or data[-1] != STOP:
        return False
    payload_at, length = _extent(data, 0)
    if length == 0 or payload_at + length + TAIL_BYTES != len(data):
        return False
    return xmodem(data[payload_at:-TAIL_BYTES]) == data[-3] << 8 | data[-2]


def _extent(rest: bytes, at: int) -> tuple[int, int]:
    """Where the payload begins and how long it is; length 0: here begins no packet. The head has to be whole."""
    kind = rest[at]
    if kind == SHORT:
        return at + 2, rest[at + 1]
    if kind == LONG:
        length = rest[at + 1] << 8 | rest[at + 2]
        return at + 3, length if SHORT_MOST < length <= LONGEST_PAYLOAD else 0
    return at, 0


class Vesc:
    """The dialogue with one controller."""

    def __init__(self, setup: DriveSetup) -> None:
        self._setup = setup
        self._deframer = Deframer()
        self._awaited: int | None = None
        self._values: tuple[int, ...] | None = None
        self._status = 0
        self._order: Order | None = None
        self._step = 0
        self._rate_dps = 0.0
        self._booted = False
        self._tag = 0
        self.identity = (0, (0, 0, 0))
        self.timeout_s: float | None = None
        self.problem: str | None = None
        self.identified = False
        self.was_reset = False

    @property
    def frames(self) -> int:
        """Packets that were right."""
        return self._deframer.frames

    @property
    def corrupted(self) -> int:
        """Packets that were wrong."""
        return self._deframer.corrupted

    @property
    def waiting(self) -> bool:
        """Tell whether an answer is still to come."""
        return self._awaited is not None

    def begin(self) -> None:
        """Forget the controller; identify it anew."""
        self.give_up()
        self._step = 0
        self.timeout_s, self.identified, self.was_reset = None, False, False

    def ask(self, order: Order) -> bytes:
        """Give the next step of the identification, or an exchange with the order in it."""
        self._deframer.clear()
        self._values = None
        if not self.identified:
            self._order = None
            self._awaited = (Command.FIRMWARE, Command.GET_APP_CONFIG)[self._step]
            return encode_packet(bytes((self._awaited,)))
        self._order, self._awaited = order, Command.GET_VALUES_SELECTIVE
        self._tag = (self._tag + 1) % len(TAGS)
        return self._encode(order) + REQUESTS[self._tag]

    def more(self) -> bytes:
        """All is sent at once."""
        return b""

    def feed(self, data: bytes) -> None:
        """Take bytes from the controller."""
        for payload in self._deframer.feed(data):
            if payload[0] != self._awaited:
                continue
            read = _READERS[payload[0]]
            if read(self, payload):
                self._awaited = None

    def take(self) -> Reading | None:
        """Give what the exchange that just ended measured."""
        values, order = self._values, self._order
        if values is None or order is None:
            return None
        _, _, stage, motor, current, erpm, supply, tachometer, fault = values
        setup = self._setup
        self._rate_dps = erpm / ERPM_PER_STEP_S / setup.scale * setup.direction
        timed_out = bool(self._status & TIMED_OUT)
        return Reading(
            float(tachometer),
            self._rate_dps,
            current / 100.0 * setup.direction,
            supply / 10.0,
            stage / 10.0,
            motor / 10.0,
            _FAULTS.get(fault, DriveFault.DRIVER) if fault else 0,
            order.torque and not fault and not timed_out,
            timed_out=timed_out,
        )

    def give_up(self) -> None:
        """Forget the request whose answer did not come."""
        self._awaited = self._values = None
        self._deframer.clear()

    def _encode(self, order: Order) -> bytes:
        if not order.torque:
            return encode_order(Command.SET_CURRENT, 0)
        if order.rate_dps == 0.0 and abs(self._rate_dps) < SETTLED_DPS:
            # Speed control ends below a least speed; at standstill a current through the windings holds.
            return encode_order(Command.SET_HANDBRAKE, round(order.current_a * 1000.0))
        erpm = order.rate_dps * self._setup.scale * ERPM_PER_STEP_S
        return encode_order(Command.SET_RPM, round(erpm) * self._setup.direction)

    def _take_firmware(self, payload: bytes) -> bool:
        if len(payload) < 3:
            return False
        end = payload.find(b"\0", 3)
        uuid = payload[end + 1 : end + 13] if end > 0 else b""
        self.identity = (int.from_bytes(uuid[:4], "big"), (payload[1], payload[2], 0))
        self._step = 1
        return True

    def _take_app_config(self, payload: bytes) -> bool:
        if len(payload) < APP_CONFIG.size:
            return False
        _, _, _, timeout_ms = APP_CONFIG.unpack_from(payload)
        self._step = 0
        if not 0 < timeout_ms <= LONGEST_TIMEOUT_S * 1e3:
            self.problem = (
                f"the controller's timeout is {timeout_ms} ms: set it to {self._setup.timeout_s * 1e3:.0f} ms in VESC "
                "Tool (App Settings, General, Timeout), write the configuration, try again"
            )
            return True
        self.timeout_s = timeout_ms / 1e3
        self.problem = None
        self.identified = True
        return True

    def _take_values(self, payload: bytes) -> bool:
        size = VALUES.size
        if len(payload) < size:
            return False
        values = VALUES.unpack_from(payload)
        tag = TAGS[self._tag]
        if values[1] | STATUS_BIT != MASK | tag:
            return False  # an old answer
        size += TAG_BYTES[tag]
        if not size <= len(payload) <= size + 1:
            return False
        self._status = payload[size] if len(payload) > size else 0
        self._values = values
        booted = values[-1] == Fault.BOOTED_FROM_WATCHDOG
        self.was_reset = booted and not self._booted
        self._booted = booted
        return True


_READERS: Final[dict[int, Callable[[Vesc, bytes], bool]]] = {
    Command.FIRMWARE: Vesc._take_firmware,
    Command.GET_APP_CONFIG: Vesc._take_app_config,
    Command.GET_VALUES_SELECTIVE: Vesc._take_values,
}
