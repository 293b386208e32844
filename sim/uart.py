"""The serial port of an emulated device: bytes take their time on the line, in both directions.

Times are in milliseconds of the simulated table. What arrives together is handed over when its last byte is there.
"""

import math
from collections import deque

_WHOLE = 1e-6
"""Rounding must not keep a byte back."""
BITS_A_BYTE = 10.0
"""With start and stop bit."""


class Uart:
    """Bytes in, bytes out, paced to a baud rate."""

    __slots__ = ("_arriving", "_free_in_ms", "_free_out_ms", "_leaving", "_taken_ms", "byte_ms", "next_ms")

    def __init__(self, baud: int) -> None:
        self.byte_ms = BITS_A_BYTE * 1e3 / baud
        self._arriving: deque[tuple[float, bytes]] = deque()
        self._leaving: deque[tuple[float, bytes]] = deque()
        self._free_in_ms = self._free_out_ms = self._taken_ms = 0.0
        self.next_ms = math.inf
        """When the next bytes are there; infinite if none are on their way."""

    def receive(self, data: bytes, now_ms: float) -> None:
        """Bytes begin to arrive, after those that still do."""
        begin_ms = now_ms if now_ms > self._free_in_ms else self._free_in_ms
        self._free_in_ms = begin_ms + len(data) * self.byte_ms
        self._arriving.append((self._free_in_ms, data))
        self.next_ms = self._arriving[0][0]

    def take(self, now_ms: float) -> bytes:
        """Give the bytes that are there by now."""
        data = b""
        while self._arriving and self._arriving[0][0] <= now_ms:
            self._taken_ms, piece = self._arriving.popleft()
            data += piece
        self.next_ms = self._arriving[0][0] if self._arriving else math.inf
        return data

    def reply(self, data: bytes, now_ms: float) -> None:
        """Begin to send, after what is being sent."""
        begin_ms = now_ms if now_ms > self._free_out_ms else self._free_out_ms
        self._free_out_ms = begin_ms + len(data) * self.byte_ms
        self._leaving.append((begin_ms, data))

    def answer(self, data: bytes, behind: int, after_ms: float) -> None:
        """Send ``after_ms`` after a request was there, ``behind`` bytes before the last one that was taken."""
        self.reply(data, self._taken_ms - behind * self.byte_ms + after_ms)

    def send(self, now_ms: float) -> bytes:
        """Give the bytes that have left by now."""
        sent = b""
        while self._leaving:
            begin_ms, data = self._leaving[0]
            gone = int((now_ms - begin_ms) / self.byte_ms + _WHOLE)
            if gone < len(data):
                if gone > 0:
                    sent += data[:gone]
                    self._leaving[0] = (begin_ms + gone * self.byte_ms, data[gone:])
                break
            sent += data
            self._leaving.popleft()
        return sent

    def clear(self) -> None:
        """Forget everything: the device was off."""
        self._arriving.clear()
        self.next_ms = math.inf
        self._leaving.clear()
