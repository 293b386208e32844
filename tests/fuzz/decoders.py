"""What holds for every decoder of a stream: where it is cut does not matter, and little of it is kept."""

from collections.abc import Callable
from typing import Protocol


class Decoder(Protocol):
    """Bytes in, what is whole out."""

    _rest: bytes
    """What is not whole yet."""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes; give what they complete."""
        ...


def cut_anywhere(make: Callable[[], Decoder], data: bytes, most: int) -> list[bytes]:
    """Give what a stream holds. Asserts that it does in two parts too, and that at most so many bytes are kept."""
    whole, pieces = make(), make()
    found = whole.feed(data)
    cut = len(data) // 3
    assert pieces.feed(data[:cut]) + pieces.feed(data[cut:]) == found
    assert max(len(whole._rest), len(pieces._rest)) <= most
    return found
