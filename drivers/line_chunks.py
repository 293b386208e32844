"""Bytes of several serial lines in one piece: many ports behind the interface of one.

A chunk is the line's number, the length, and the bytes. This never goes over a wire: it is how the owner of the ports
hands over what they gave in one tick. What does not fit is left out.
"""

from collections.abc import Sequence
from struct import Struct
from typing import Final

_HEAD: Final = Struct("<BH")
HEAD_BYTES: Final = _HEAD.size
MOST: Final = 0xFFFF


def join(parts: Sequence[bytes]) -> bytes:
    """Give the chunks of what each line gave; a line that gave nothing has none."""
    return b"".join(_HEAD.pack(line, len(part[-MOST:])) + part[-MOST:] for line, part in enumerate(parts) if part)


def split(data: bytes, lines: int) -> list[tuple[int, bytes]]:
    """Give each chunk's line and bytes. Never raises: after one that cannot be, the rest is left out."""
    found = []
    at = 0
    while at + _HEAD.size <= len(data):
        line, length = _HEAD.unpack_from(data, at)
        end = at + _HEAD.size + length
        if line >= lines or end > len(data):
            break
        found.append((line, data[at + _HEAD.size : end]))
        at = end
    return found
