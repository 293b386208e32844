"""One measured angle, watched on its own: absent, out of range, jumping, noisy, or stuck."""

from typing import Final

from safety.limits import Limits

RANGE_DEG: Final = 95.0
"""No mount of the table can read beyond this."""
FRAME_S: Final = 0.01
FASTEST_DPS: Final = 30.0
"""Even a table whose load path broke turns slower than this within one frame."""
MISSING_S: Final = 0.03
"""An absent angle is believed lost after three frames."""
REGULAR_S: Final = 0.015
"""Frames farther apart than this had others between them that were lost."""
NOISY_DEG: Final = 0.2
NOISE_MEMORY: Final = 0.03
"""A channel is noisy if three regular frames are so far off a straight line, on average over about 35 frames.

Over 20 frames noise of 0.05 deg, which a maintained sensor may have, came to as much once in twenty hours.
"""
STANDS: Final = "does not move while the table does"
DOUBTED: Final = "is doubted: no recovery that controls by it has brought the rider upright"
BEHIND: Final = "falls behind the motor, which turns as it was told"
STUCK_DEG: Final = 0.05
DRIVEN_DEG: Final = 1.0
"""A channel is stuck if it shows no change while the table should have moved this far."""


def largest_step_deg(gap_s: float, limits: Limits) -> float:
    """Give how far an angle may believably have gone since its last value, so many seconds ago."""
    return limits.angle_step_deg + FASTEST_DPS * max(gap_s - FRAME_S, 0.0)


class Channel:
    """One angle: its last believable value, and the reason why it is lost, if it is."""

    __slots__ = (
        "_driven_deg",
        "_other_deg",
        "_seen_s",
        "_step_deg",
        "_still_deg",
        "_still_s",
        "lost",
        "lost_since_s",
        "name",
        "noise_deg",
        "value_deg",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.value_deg: float | None = None
        self.lost = ""
        """Why it is not believed; empty while it is."""
        self.lost_since_s = 0.0
        """When what made it lost began."""
        self._still_s = 0.0
        self._seen_s: float | None = None
        self._still_deg: float | None = None
        self._driven_deg = 0.0
        self._other_deg: float | None = None
        self._step_deg: float | None = None
        self.noise_deg = 0.0
        """How far three regular frames are off a straight line, on average; more than twice the standard deviation."""

    @property
    def only_doubted(self) -> bool:
        """It is done without for a doubt alone, which is no evidence against it."""
        return self.lost == DOUBTED

    @property
    def fell_behind(self) -> bool:
        """It is done without because a motor that turned as told left it behind."""
        return self.lost == BEHIND

    def lose(self, reason: str, since_s: float) -> None:
        """Believe it no more; the first reason stays."""
        if not self.lost:
            self.lost, self.lost_since_s = reason, since_s

    def update(self, value_deg: float | None, now_s: float, moved_deg: float, limits: Limits) -> None:
        """Take one frame's value; ``moved_deg`` is how far the table should have turned since the last frame."""
        seen_s, before_deg = self._seen_s, self.value_deg
        if seen_s is None:
            seen_s = self._seen_s = now_s
        if value_deg is None:
            if now_s - seen_s > MISSING_S:
                self.lose("no value", seen_s)
            return
        if not -RANGE_DEG <= value_deg <= RANGE_DEG:  # written so that NaN fails it
            self.lose(f"reads {value_deg:.1f} deg, outside +-{RANGE_DEG:.0f}", now_s)
            return
        if before_deg is not None:
            self._watch_step(value_deg - before_deg, now_s, now_s - seen_s, limits)
        still = self._still_deg
        if still is None or not -STUCK_DEG <= value_deg - still <= STUCK_DEG:
            self._still_deg, self._still_s = value_deg, now_s
            self._driven_deg, self._other_deg = 0.0, None
        else:
            self._driven_deg += moved_deg
        self.value_deg, self._seen_s = value_deg, now_s

    def _watch_step(self, step_deg: float, now_s: float, gap_s: float, limits: Limits) -> None:
        """A jump is one step that is too long; noise is steps that do not follow from each other."""
        believable = limits.angle_step_deg
        if not -believable <= step_deg <= believable and abs(step_deg) > largest_step_deg(gap_s, limits):
            self.lose(f"jumped by {abs(step_deg):.1f} deg in a frame", now_s)
        before_deg, self._step_deg = self._step_deg, step_deg if gap_s < REGULAR_S else None
        if before_deg is not None and gap_s < REGULAR_S:
            kink_deg = step_deg - before_deg if step_deg > before_deg else before_deg - step_deg
            self.noise_deg += (kink_deg - self.noise_deg) * NOISE_MEMORY
            if self.noise_deg > NOISY_DEG:
                self.lose(f"is noisy: {self.noise_deg:.2f} deg from frame to frame", now_s)

    def lose_if_it_stands_while(self, other: "Channel") -> None:
        """Lost, if it shows no change while the table should have moved, and by the other channel did."""
        other_deg = other.value_deg
        if self._other_deg is None or other_deg is None:
            self._other_deg = other_deg
            return
        driven_deg = self._driven_deg
        if -DRIVEN_DEG <= driven_deg <= DRIVEN_DEG:
            return
        moved_deg = other_deg - self._other_deg
        if moved_deg * driven_deg > 0.0 and abs(moved_deg) > DRIVEN_DEG / 2.0:
            self.lose(STANDS, self._still_s)

    def reset(self) -> None:
        """Believe the channel again: the operator acknowledged, and the next frames decide anew."""
        self.lost, self.value_deg, self._seen_s = "", None, None
        self._still_deg, self._driven_deg, self._other_deg = None, 0.0, None
        self._step_deg, self.noise_deg = None, 0.0
