"""The serial line between board and host, byte by byte in both directions, and what a line can do to bytes.

Where several lines share the stream (``drivers.line_chunks``), a frame is a chunk: what one device sent at once.

A direction that nothing disturbs hands its bytes on untouched. One that is disturbed cuts them into frames, for what
goes wrong on a line mostly goes wrong frame by frame: a buffer that overruns, a converter that sends twice. Random
numbers come from a seed, so the same seed disturbs the same frames.
"""

import random
from collections import deque
from dataclasses import dataclass, replace
from typing import Any, Final

from drivers.line_chunks import HEAD_BYTES, join, split

BURST_PERIOD_MS: Final = 500.0
"""Bursts of lost frames begin so often."""
BABBLE_BYTES: Final = 40
"""What somebody who talks out of turn puts on the line in a period."""


@dataclass(frozen=True)
class Disturbance:
    """What is wrong with one direction; the defaults disturb nothing."""

    cut: bool = False
    """Nothing arrives."""
    lost_share: float = 0.0
    """Share of the frames that are lost, each by itself."""
    burst_ms: float = 0.0
    """Every frame is lost for so long, each ``BURST_PERIOD_MS``."""
    flipped_share: float = 0.0
    """Share of the frames in which one bit is turned over."""
    repeated_share: float = 0.0
    """Share of the frames that arrive twice."""
    reordered_share: float = 0.0
    """Share of the frames that arrive after the next one."""
    delay_ms: float = 0.0
    """Every frame arrives so much later."""
    replay_ms: float = 0.0
    """The frames of the first so many milliseconds arrive again and again in the place of new ones."""
    babble: bool = False
    """Somebody else talks on the line."""


_NOTHING: Final = Disturbance()


class Direction:
    """One way of the line."""

    def __init__(self, seed: int, lines: int = 0) -> None:
        """Begin undisturbed. Same seed, same disturbed frames."""
        self._lines = lines
        self.disturbance = _NOTHING
        self._random = random.Random(seed)
        self._rest = b""
        self._held_back = b""
        self._late: deque[tuple[float, bytes]] = deque()
        self._since_ms: float | None = None
        """When the disturbance began; None while there is none."""
        self._recorded: list[bytes] = []
        self._replayed = 0

    def disturb(self, **changed: Any) -> None:
        """Change fields of the disturbance from now on."""
        disturbance = replace(self.disturbance, **changed)
        # The one object that disturbs nothing, so that ``carry`` need not compare every field in every period.
        self.disturbance = _NOTHING if disturbance == _NOTHING else disturbance

    def carry(self, data: bytes, now_ms: float) -> bytes:
        """Take the bytes sent in this period, give those that arrive. To be called in every period."""
        if self.disturbance is _NOTHING:
            return data if self._since_ms is None else self._settle() + data
        if self._since_ms is None:
            self._since_ms = now_ms
        arrived = b"".join(self._arrive(passed, now_ms) for frame in self._cut(data) for passed in self._pass(frame))
        arrived += self._due(now_ms)
        if self.disturbance.babble:
            noise = self._random.randbytes(BABBLE_BYTES)
            arrived = (join([noise] * self._lines) if self._lines else noise) + arrived
        lost = self.disturbance.cut or self._in_burst(now_ms - self._since_ms)
        return b"" if lost else arrived

    def _settle(self) -> bytes:
        """Give at once all that a disturbance which is over kept back, in its order."""
        kept = b"".join(frame for _, frame in self._late) + self._held_back + self._rest
        self._late.clear()
        self._recorded.clear()
        self._rest, self._held_back = b"", b""
        self._since_ms = None
        return kept

    def _cut(self, data: bytes) -> list[bytes]:
        """Whole frames, each with its closing zero; the beginning of the next one stays here. Or whole chunks."""
        if self._lines:
            return [join([b""] * line + [part]) for line, part in split(data, self._lines)]
        *frames, self._rest = (self._rest + data).split(b"\0")
        return [frame + b"\0" for frame in frames]

    def _pass(self, frame: bytes) -> list[bytes]:
        """The frames that come out where one goes in."""
        d = self.disturbance
        if self._happens(d.lost_share):
            return []
        if self._happens(d.flipped_share):
            frame = self._flip(frame)
        held_back, self._held_back = self._held_back, b""
        if not held_back and self._happens(d.reordered_share):
            self._held_back = frame
            return []
        passed = [frame, held_back] if held_back else [frame]
        return [*passed, frame] if self._happens(d.repeated_share) else passed

    def _arrive(self, frame: bytes, now_ms: float) -> bytes:
        """What arrives now for a frame that came through: itself, an old one, or nothing yet."""
        d = self.disturbance
        if d.delay_ms > 0.0:
            self._late.append((now_ms + d.delay_ms, frame))
            return b""
        if d.replay_ms > 0.0 and self._since_ms is not None:
            if now_ms - self._since_ms < d.replay_ms or not self._recorded:
                self._recorded.append(frame)
            else:
                frame = self._recorded[self._replayed % len(self._recorded)]
                self._replayed += 1
        return frame

    def _due(self, now_ms: float) -> bytes:
        arrived = b""
        while self._late and self._late[0][0] <= now_ms:
            arrived += self._late.popleft()[1]
        return arrived

    def _in_burst(self, passed_ms: float) -> bool:
        return passed_ms % BURST_PERIOD_MS < self.disturbance.burst_ms

    def _happens(self, share: float) -> bool:
        return share > 0.0 and self._random.random() < share

    def _flip(self, frame: bytes) -> bytes:
        changed = bytearray(frame)
        first = HEAD_BYTES if self._lines else 0  # no line damages what never was on one
        changed[self._random.randrange(first, len(changed))] ^= 1 << self._random.randrange(8)
        return bytes(changed)


class Line:
    """Both directions."""

    def __init__(self, seed: int, lines: int = 0) -> None:
        """Begin undisturbed. Same seed, same disturbed frames. ``lines`` share the stream as chunks, if several do."""
        self.to_host = Direction(2 * seed, lines)
        self.to_board = Direction(2 * seed + 1, lines)
