"""Frames on the wire: COBS around payload and CRC-32, ended by a zero byte.

Sans-I/O: bytes in, payloads out; no port, no clock. Whatever bytes come, nothing is raised and memory stays bounded.
"""

from typing import Final

from cobs import cobs
from fastcrc.crc32 import iso_hdlc

MAX_PAYLOAD: Final = 128
"""Longest payload of the protocol, in bytes; longer ones are not ours."""
CRC_BYTES: Final = 4
_RESIDUE: Final = 0x2144DF1C
"""What the CRC over a payload and its own CRC gives, whatever the payload."""
MAX_FRAME: Final = MAX_PAYLOAD + CRC_BYTES + 2
"""With the CRC and what COBS adds, without the closing zero."""


def encode_frame(payload: bytes) -> bytes:
    """Wrap a payload. Raises ``ValueError`` if it is longer than ``MAX_PAYLOAD``."""
    if len(payload) > MAX_PAYLOAD:
        raise ValueError(f"a payload of {len(payload)} bytes does not fit a frame; at most {MAX_PAYLOAD}")
    coded: bytes = cobs.encode(payload + iso_hdlc(payload).to_bytes(CRC_BYTES, "little"))
    return coded + b"\0"


class Deframer:
    """Cuts a stream of bytes into payloads whose CRC is right."""

    __slots__ = ("_rest", "_skipping", "bytes_in", "corrupted_frames", "frames", "oversized_frames")

    def __init__(self) -> None:
        self._rest = b""
        self._skipping = False
        self.bytes_in = 0
        self.frames = 0
        self.corrupted_frames = 0
        self.oversized_frames = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes; give the payloads that they complete, in order."""
        self.bytes_in += len(data)
        if not self._rest and not self._skipping and data.find(b"\0") == len(data) - 1 and data:
            payload = self._unwrap(data[:-1])  # the usual case: one whole frame
            return [] if payload is None else [payload]
        if self._rest:
            data = self._rest + data
        pieces = data.split(b"\0")
        rest = pieces.pop()
        if len(rest) > MAX_FRAME:
            self.oversized_frames += not self._skipping
            skipping, rest = True, b""
        else:
            skipping = self._skipping and not pieces
        found = []
        for piece in pieces:
            if self._skipping:
                self._skipping = False  # the end of a frame that was too long already
            elif piece:
                payload = self._unwrap(piece)
                if payload is not None:
                    found.append(payload)
        self._rest, self._skipping = rest, skipping
        return found

    def clear(self) -> None:
        """Forget half a frame: the port was opened anew."""
        self._rest, self._skipping = b"", False

    def _unwrap(self, piece: bytes) -> bytes | None:
        if len(piece) > MAX_FRAME:
            self.oversized_frames += 1
            return None
        try:
            body: bytes = cobs.decode(piece)
        except cobs.DecodeError:
            self.corrupted_frames += 1
            return None
        if len(body) < CRC_BYTES or iso_hdlc(body) != _RESIDUE:
            self.corrupted_frames += 1
            return None
        self.frames += 1
        return body[:-CRC_BYTES]
