"""What the bytes that a port gives by itself may be, in words."""

import re
from typing import Final

from drivers import framing, witmotion
from drivers.wire import HEADER, VERSION_AT

FRAMES_ENOUGH: Final = 3
"""A sum of eight bits is right by accident once in 256; three times in a row it is not."""
SHOWN: Final = 40
PRINTABLE_SHARE: Final = 0.9
_NMEA: Final = re.compile(rb"\$([A-Z]{2})([A-Z]{3}),([^*\r\n]*)\*([0-9A-F]{2})")


def talker(data: bytes) -> str | None:
    """Give the kind of device that talks like this by itself: ``board`` or ``witmotion``; None for any other."""
    if board_version(data) is not None:
        return "board"
    sensor = witmotion.Deframer()
    sensor.feed(data)
    return "witmotion" if sensor.frames >= FRAMES_ENOUGH else None


def board_version(data: bytes) -> int | None:
    """Give the protocol version of a table board that sends these bytes; None if none does."""
    payloads = framing.Deframer().feed(data)
    return next((payload[VERSION_AT] for payload in payloads if len(payload) >= HEADER.size), None)


def describe(data: bytes) -> str:
    """Say what bytes seem to be that no device of ours sends."""
    sentence = next((found for found in _NMEA.finditer(data) if _sum_is_right(found)), None)
    if sentence is not None:
        name = (sentence[1] + sentence[2]).decode()
        return f"a GPS or another instrument that talks NMEA 0183 (sentence {name})"
    if is_readable(data):
        line = max(data.decode("ascii", "replace").split("\n"), key=len).strip()
        return f"text, such as {line[:SHOWN]!r}"
    return f"{len(data)} bytes that are nothing known, beginning with {data[:16].hex(' ')}"


def is_readable(data: bytes) -> bool:
    """Tell whether the bytes are text, as far as can be seen."""
    return sum(0x20 <= byte < 0x7F or byte in b"\r\n\t" for byte in data) >= PRINTABLE_SHARE * len(data)


def _sum_is_right(found: re.Match[bytes]) -> bool:
    body = found[0][1 : found[0].index(b"*")]
    total = 0
    for byte in body:
        total ^= byte
    return total == int(found[4], 16)
