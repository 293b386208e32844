"""Whether the way to the table is quick enough, watched until a session begins: the commands before it measure it.

Pure: the time is an argument. The control loop's thread calls ``look``; whoever asks reads single values.
"""

from collections.abc import Sequence
from typing import Final

from drivers.health import LinkHealth
from drivers.polled import REPLY_S
from drivers.round_trips import ENOUGH, figures_of, too_slow
from safety.limits import Limits

EVERY_S: Final = 0.25
PATIENCE_S: Final = 10.0
"""A path that has been too slow for so long stays so: this much of its past is looked at."""


class LatencyCheck:
    """Of one link, before one session."""

    def __init__(self, health: LinkHealth, limits: Limits, beside: Sequence[tuple[str, LinkHealth]] = ()) -> None:
        """``limits`` are the session's; the path has to suit its ``latency_s``.

        ``beside`` are name and line of each device beside the drive, whose late answers count too.
        """
        self._health, self._limits, self._beside = health, limits, tuple(beside)
        self._due_s: float | None = None
        self._wrong_since_s: float | None = None
        self.measured = False
        """So much was exchanged that something can be said."""
        self.why_not = ""
        """Why no session may begin, with the figures; empty as far as is known if one may."""
        self.hopeless = False
        """It has been too slow for ``PATIENCE_S``."""

    @property
    def explanation(self) -> str:
        """What ``why_not`` says, of however little was measured. For the control loop's thread."""
        figures = figures_of(self._health.round_trips.newest)
        slow = "" if figures is None else too_slow(figures, self._limits)
        return slow or self._late_beside

    @property
    def _late_beside(self) -> str:
        found = ((name, health.round_trips.too_late(REPLY_S)) for name, health in self._beside)
        return next((f"the {name} answers, but {late}" for name, late in found if late), "")

    def look(self, now_s: float) -> None:
        """Look at what was measured, every now and then."""
        if self._due_s is not None and now_s < self._due_s:
            return
        self._due_s = now_s + EVERY_S
        self.measured = len(self._health.round_trips.newest) >= ENOUGH
        self.why_not = self.explanation if self.measured else self._late_beside
        if not self.why_not:
            self._wrong_since_s, self.hopeless = None, False
        elif self._wrong_since_s is None:
            self._wrong_since_s = now_s
        else:
            self.hopeless = now_s - self._wrong_since_s >= PATIENCE_S
