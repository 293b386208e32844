"""A start that presses itself: with ``--start``, and on a simulated table before which nobody sits."""

from typing import Final

PRESSED_AGAIN_S: Final = 1.0
"""A start that presses itself tries again so much later: one that is held counts no longer."""


class AutoStart:
    """Of one session. Pure: the time is an argument."""

    def __init__(self, *, start: bool, simulated: bool) -> None:
        """``start`` is what the command was told; ``simulated``: it started the table itself, and nobody lies on it."""
        self._start, self._simulated = start, simulated
        self._ready_s: float | None = None
        self._next_s = 0.0

    def presses(self, now_s: float, *, ready: bool, alone_after_s: float, withheld: bool, once: bool) -> bool:
        """Tell whether start is pressed now.

        Args:
            now_s: on a clock that only rises.
            ready: the table waits for a start.
            alone_after_s: from so long a readiness on nobody is expected at a panel; infinite where somebody is there.
            withheld: somebody chose this session, or is choosing another one.
            once: on a real table, nothing has begun yet and the path to it is known to be quick enough.
        """
        if not ready:
            self._ready_s = None
            return False
        if self._ready_s is None:
            self._ready_s = now_s
        alone = now_s - self._ready_s >= alone_after_s
        # Once: what ended a session at upright, an open latch for one, was done by somebody, who starts it again.
        starts = self._start or alone if self._simulated else self._start and once
        if withheld or not starts or now_s < self._next_s:
            return False
        self._next_s = now_s + PRESSED_AGAIN_S
        return True
