"""The rate that the drive tells: whether it is the one of its own angle, and smooth enough to be that of a table."""

from math import isfinite
from typing import Final

from safety.channel import FASTEST_DPS, NOISE_MEMORY

MEMORY_S: Final = 1.5
OFF_DEG: Final = 0.75
"""The encoder is lost if its rate says so much more or less motion than its angle, over about ``MEMORY_S``."""
CONTRADICTS: Final = "its rate contradicts its angle"
LONGEST_GAP_S: Final = 0.1
"""Frames farther apart than this are not compared."""
NOISY_DPS: Final = 1.0
"""A rate that changes by so much from frame to frame, on average over about 35 of them, is that of no table: it would
be shaken with 100 deg/s2. By a noisier one a monitor of rates may trip, whatever the table does."""
SHAKES_DPS: Final = 0.2
"""From here on the rate is on the way to that: four times what a table makes of it whose gear seizes."""
LEAP_DPS: Final = 10.0
"""What one step counts for at most: an angle that leaps once has a rate that is wrong once."""


class DriveRate:
    """Holds the drive's rate against the drive's angle and against itself, frame by frame."""

    __slots__ = ("_before_deg", "_before_dps", "_before_s", "_noise_dps", "_off_deg")

    def __init__(self) -> None:
        self._before_s: float | None = None
        self._before_deg = self._before_dps = 0.0
        self._off_deg = self._noise_dps = 0.0

    @property
    def shakes(self) -> bool:
        """It may soon turn out to be noisy: what is judged by it now may be judged by noise."""
        return self._noise_dps > SHAKES_DPS

    def forget(self) -> None:
        """The table moved without our commands, or nobody saw how."""
        self._before_s, self._off_deg, self._noise_dps = None, 0.0, 0.0

    def skip(self) -> None:
        """There is no angle or no rate in this frame."""
        self._before_s = None

    def wrong(self, value_deg: float, rate_dps: float | None, now_s: float) -> str:
        """Take a frame's angle and rate; give what is wrong with the rate, empty for nothing."""
        if rate_dps is None or not isfinite(rate_dps):
            self.skip()
            return ""
        then_s, then_deg, then_dps = self._before_s, self._before_deg, self._before_dps
        self._before_s, self._before_deg, self._before_dps = now_s, value_deg, rate_dps
        if then_s is None or not 0.0 < now_s - then_s < LONGEST_GAP_S:
            return ""
        self._noise_dps += (min(abs(rate_dps - then_dps), LEAP_DPS) - self._noise_dps) * NOISE_MEMORY
        gap_s, capped_dps = now_s - then_s, min(max(rate_dps, -FASTEST_DPS), FASTEST_DPS)
        fresh_deg = capped_dps * gap_s - (value_deg - then_deg)
        self._off_deg += fresh_deg - self._off_deg * gap_s / MEMORY_S
        if abs(self._off_deg) > OFF_DEG:
            return CONTRADICTS
        return (
            f"its rate is noisy: {self._noise_dps:.1f} deg/s from frame to frame" if self._noise_dps > NOISY_DPS else ""
        )
