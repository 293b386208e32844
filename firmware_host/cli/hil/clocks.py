"""How fast the table's clock and the host's part, by the frames that were quickest."""

from typing import Final

from safety.signals import Telemetry, board_us_between

WINDOW_S: Final = 10.0
"""Of each stretch of this length the quickest frame counts: the others were held up."""


class Clocks:
    """Compares the time in the frames with the time at which they came."""

    def __init__(self) -> None:
        self._last_us: int | None = None
        self._told_us = 0
        self._first: tuple[float, float] | None = None
        self._newest: tuple[float, float] | None = None
        self._best: tuple[float, float] | None = None
        self._window_s = 0.0

    def see(self, t: Telemetry, now_s: float) -> None:
        """Take a frame and when it came."""
        if self._last_us is not None:
            self._told_us += board_us_between(self._last_us, t.board_time_us)
        else:
            self._window_s = now_s + WINDOW_S
        self._last_us = t.board_time_us
        ahead_s = self._told_us * 1e-6 - now_s
        if now_s >= self._window_s:
            self._window_s, self._newest = now_s + WINDOW_S, self._best
            self._first = self._first or self._best
            self._best = None
        if self._best is None or ahead_s > self._best[1]:
            self._best = (now_s, ahead_s)

    @property
    def drift(self) -> float:
        """Seconds that the table's clock gains on the host's in a second; NaN before enough was seen."""
        if self._first is None or self._newest is None or self._newest[0] <= self._first[0]:
            return float("nan")
        return (self._newest[1] - self._first[1]) / (self._newest[0] - self._first[0])
