"""How slow the way to a table is: times from a question to its answer, and what they may be at most.

The safety layer brakes early enough for a command that acts ``latency_s`` after the measurement it was made from (a
limit, 60 ms unless a table's file says more). From a command to the frame that echoes it, or from a question to its
answer, is the same way there and back, so that time has to stay within the same limit. What lies beyond is no fault of
a session that could be reacted to: no session may begin on such a path.
"""

from collections import deque
from collections.abc import Collection
from itertools import pairwise
from typing import Final, NamedTuple

from safety.limits import Limits

KEPT: Final = 1000
"""Round trips that are kept: ten seconds of a hundred a second."""
ENOUGH: Final = 200
"""Fewer say nothing about the slowest one in a hundred."""
SLOWEST_SHARE: Final = 0.99
LATE_ENOUGH: Final = 5
"""So many answers that came too late are no accident."""
ADVICE: Final = "Use a cable, a nearer serial server or a quieter network"


class Figures(NamedTuple):
    """What round trips were measured."""

    exchanges: int
    median_s: float
    p99_s: float
    """All but one in a hundred are quicker."""
    worst_s: float
    jitter_s: float
    """Mean difference between one round trip and the next."""

    def __str__(self) -> str:
        """Give the figures in milliseconds."""
        times = (("median", self.median_s), ("p99", self.p99_s), ("worst", self.worst_s), ("jitter", self.jitter_s))
        told = ", ".join(f"{name} {seconds * 1e3:.1f}" for name, seconds in times)
        return f"round trip {told} ms in {self.exchanges} exchanges"


def figures_of(round_trips_s: Collection[float]) -> Figures | None:
    """Sum up round trips in the order in which they were made; None without any."""
    if not round_trips_s:
        return None
    ranked = sorted(round_trips_s)
    last = len(ranked) - 1
    steps = [abs(after - before) for before, after in pairwise(round_trips_s)]
    jitter_s = sum(steps) / len(steps) if steps else 0.0
    return Figures(len(ranked), ranked[last // 2], ranked[int(last * SLOWEST_SHARE)], ranked[last], jitter_s)


def too_slow(figures: Figures, limits: Limits) -> str:
    """Say why no session may begin on such a path, and what to do; empty if one may."""
    most_s = limits.latency_s
    if figures.p99_s <= most_s:
        return ""
    return (
        f"the path to the table is too slow: {figures}; all but one in a hundred must be within "
        f"{most_s * 1e3:.0f} ms (latency_s). {ADVICE}"
    )


class RoundTrips:
    """The newest round trips of one link."""

    __slots__ = ("late", "newest")

    def __init__(self) -> None:
        self.newest: deque[float] = deque(maxlen=KEPT)
        """Of answers that counted."""
        self.late: deque[float] = deque(maxlen=ENOUGH)
        """Of answers that came when nobody waited for them any more."""

    def too_late(self, most_s: float) -> str:
        """Say that answers come, and too late to be used; empty if they do not.

        Args:
            most_s: for how long an answer is waited for.
        """
        figures = figures_of(self.late) if len(self.late) >= LATE_ENOUGH else None
        if figures is None:
            return ""
        return f"the path to it is too slow: {figures}, and an answer counts for {most_s * 1e3:.0f} ms. {ADVICE}"
