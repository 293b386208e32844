"""How random bytes become a conversation: each piece is a head, a length and so many bytes of what the other end says.

Every byte string can be read so, and most of it still means the same when a fuzzer changes one byte of it.
"""

from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Final, NamedTuple

from safety.signals import CommandMode, SafeCommand

START_S: Final = 100.0
TICK_S: Final = 0.01
SILENCE_S: Final = 0.3
"""Longer than a session lasts without an exchange."""
COMMANDS: Final = (
    None,
    SafeCommand(CommandMode.MOVE, 2.0, 8.0, 1.0),
    SafeCommand(CommandMode.HOLD, None, 8.0, 0.5),
    SafeCommand(CommandMode.TORQUE_OFF, None, 8.0, 0.0, 0, True),
)
"""What the host wants meanwhile."""


class Kind(IntEnum):
    """What is done with the bytes of a piece."""

    RAW = 0
    """They come as they are."""
    FRAMED = 1
    """They come in the frame, and with the check, that the codec asks for."""
    LATE = 2
    """Nothing comes for ``SILENCE_S``, then they come as they are."""


class Piece(NamedTuple):
    """One step of the conversation."""

    kind: Kind
    command: SafeCommand | None
    data: bytes

    @property
    def after_s(self) -> float:
        """The time from the piece before it."""
        return SILENCE_S if self.kind is Kind.LATE else TICK_S


def pieces_of(data: bytes) -> Iterator[Piece]:
    """Read a conversation. The last piece may be shorter than its length says."""
    at = 0
    while at + 2 <= len(data):
        head, begin, at = data[at], at + 2, at + 2 + data[at + 1]
        yield Piece(Kind(head % len(Kind)), COMMANDS[head // len(Kind) % len(COMMANDS)], data[begin:at])


def piece(kind: Kind, data: bytes, command: int = 0) -> bytes:
    """Write a piece, with the index of a command. Raises ``ValueError`` for more than 255 bytes."""
    return bytes((command * len(Kind) + kind, len(data))) + data


def talk(
    data: bytes,
    hear: Callable[[bytes, float], object],
    answer: Callable[[SafeCommand | None, float], bytes],
    framed: Callable[[bytes], bytes],
    kept: Callable[[], int],
    most: int,
) -> None:
    """Hold a conversation, of which the host has the first word.

    Args:
        data: the conversation.
        hear: takes bytes at a time in seconds.
        answer: gives what the host says at a time, with what it wants.
        framed: puts bytes into a frame with a check that is right.
        kept: how many bytes the decoder has kept; asserted to be at most ``most``.
    """
    now_s = START_S
    answer(None, now_s)
    for one in pieces_of(data):
        now_s += one.after_s
        hear(framed(one.data) if one.kind is Kind.FRAMED else one.data, now_s)
        assert kept() <= most
        answer(one.command, now_s)
