"""Modbus RTU from the master's side: requests and their answers as bytes. Sans-I/O; nothing is raised by what comes in.

A request and its answer are unit, function, data and a CRC-16 (little-endian; all else is big-endian). An answer
repeats unit and function, with the top bit set when the unit refuses and says why; that to a write repeats address and
value, or count, too. One request is under way at a time.

Source: Modbus Application Protocol Specification V1.1b3 and Modbus over Serial Line V1.02 (modbus.org).
"""

from collections.abc import Sequence
from struct import Struct, pack
from typing import Final, NamedTuple

from fastcrc.crc16 import modbus

FIRST_UNIT, LAST_UNIT = 1, 247
"""Addresses of units; 0 is for all of them, and none answers."""
READ_DISCRETE_INPUTS: Final = 2
READ_HOLDING: Final = 3
READ_INPUT: Final = 4
WRITE_REGISTER: Final = 6
WRITE_REGISTERS: Final = 16
READ_WRITE_REGISTERS: Final = 23
REFUSED: Final = 0x80
CRC_BYTES: Final = 2
KEPT_BYTES: Final = 300
"""More than the longest frame of 256 bytes."""
EXCEPTIONS: Final = {
    1: "it does not know the function",
    2: "it has no such address",
    3: "it takes no such value",
    4: "it failed",
    6: "it is busy",
}
_REFUSAL_BYTES: Final = 3 + CRC_BYTES
_ECHO_BYTES: Final = 6
"""What the answer to a write repeats of its request (6.6 and 6.12 of the specification)."""
_HEAD: Final = Struct(">BBHH")
_READ_WRITE: Final = Struct(">BBHHHHB")


class Request(NamedTuple):
    """Bytes to send, and how long an answer that is no refusal will be."""

    data: bytes
    answer_bytes: int


class Answer(NamedTuple):
    """An answer whose CRC was right."""

    refusal: int
    """The exception code; 0 when the unit did as it was told."""
    data: bytes
    """What follows the function, or the byte count where there is one."""

    def registers(self) -> tuple[int, ...]:
        """The data as unsigned 16-bit registers."""
        return tuple(int.from_bytes(self.data[at : at + 2], "big") for at in range(0, len(self.data) - 1, 2))


def _framed(body: bytes) -> bytes:
    return body + modbus(body).to_bytes(CRC_BYTES, "little")


def read_discrete_inputs(unit: int, address: int, count: int) -> Request:
    """Read contacts; the answer has the first one in the lowest bit of its first byte."""
    body = _HEAD.pack(unit, READ_DISCRETE_INPUTS, address, count)
    return Request(_framed(body), 3 + (count + 7) // 8 + CRC_BYTES)


def read_registers(unit: int, address: int, count: int, function: int = READ_HOLDING) -> Request:
    """Read registers, those that can be written unless ``function`` says otherwise."""
    return Request(_framed(_HEAD.pack(unit, function, address, count)), 3 + 2 * count + CRC_BYTES)


def write_register(unit: int, address: int, value: int) -> Request:
    """Write one register, 0 to 65535."""
    return Request(_framed(_HEAD.pack(unit, WRITE_REGISTER, address, value)), 6 + CRC_BYTES)


def write_registers(unit: int, address: int, values: Sequence[int]) -> Request:
    """Write registers that follow each other."""
    count = len(values)
    body = _HEAD.pack(unit, WRITE_REGISTERS, address, count) + pack(f">B{count}H", 2 * count, *values)
    return Request(_framed(body), 6 + CRC_BYTES)


def read_write_registers(unit: int, read_at: int, count: int, write_at: int, values: Sequence[int]) -> Request:
    """Write some registers and then read others, in one exchange."""
    written = len(values)
    head = _READ_WRITE.pack(unit, READ_WRITE_REGISTERS, read_at, count, write_at, written, 2 * written)
    return Request(_framed(head + pack(f">{written}H", *values)), 3 + 2 * count + CRC_BYTES)


class AnswerReader:
    """Finds the answer to the request under way in a stream of bytes."""

    __slots__ = ("_request", "_rest", "corrupted", "frames")

    def __init__(self) -> None:
        self._request: Request | None = None
        self._rest = b""
        self.frames = 0
        self.corrupted = 0

    @property
    def waiting(self) -> bool:
        """Tell whether an answer is still to come."""
        return self._request is not None

    def expect(self, request: Request) -> bytes:
        """Begin an exchange; gives the bytes to send."""
        self._request, self._rest = request, b""
        return request.data

    def clear(self) -> None:
        """Expect nothing; forget half an answer."""
        self._request, self._rest = None, b""

    def feed(self, data: bytes) -> Answer | None:
        """Take bytes; give the answer that they complete.

        A wrong one is counted, and then nothing more is found: by the specification only silence tells where the next
        frame begins, so the master waits and asks again.
        """
        request = self._request
        if request is None:
            return None
        rest = self._rest = (self._rest + data if self._rest else data)[:KEPT_BYTES]
        if len(rest) < 2:
            return None
        refused = rest[1] & REFUSED
        length = _REFUSAL_BYTES if refused else request.answer_bytes
        if len(rest) < length:
            return None
        sent = request.data
        ours = rest[0] == sent[0] and rest[1] & ~REFUSED == sent[1]
        # A CRC over a frame and its own CRC is 0.
        if not ours or modbus(rest[:length]) or not self._fits(sent, rest, length, refused):
            self.corrupted += 1
            self._request = Request(sent, KEPT_BYTES + 1)
            return None
        self.frames += 1
        self.clear()
        if refused:
            return Answer(rest[2], b"")
        counted = sent[1] in (READ_DISCRETE_INPUTS, READ_HOLDING, READ_INPUT, READ_WRITE_REGISTERS)
        return Answer(0, rest[3 if counted else 2 : length - CRC_BYTES])

    @staticmethod
    def _fits(sent: bytes, rest: bytes, length: int, refused: int) -> bool:
        """Tell whether an answer repeats what its kind has to: byte count, address, value. A refusal has a reason."""
        if refused:
            return rest[2] != 0  # with code 0 it would pass for an answer without data
        if rest[1] in (WRITE_REGISTER, WRITE_REGISTERS):
            return rest[:_ECHO_BYTES] == sent[:_ECHO_BYTES]
        return rest[2] == length - 3 - CRC_BYTES
