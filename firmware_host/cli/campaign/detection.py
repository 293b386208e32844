"""How long after a fault's onset the first safe command went out, for each fault that came alone, and each monitor."""

from collections import Counter
from statistics import median
from typing import Any, Final

from firmware_host.cli.campaign.results import Detected

WINDOWS_S: Final = {
    "link": 0.1,
    "session": 0.0,
    "angle-agreement": 0.1,
    "over-angle": 0.0,
    "overspeed": 0.03,
    "following": 0.15,
    "progress": 1.5,
    "standstill": 0.0,
    "switches": 0.05,
    "energy": 0.1,
    "temperature": 0.0,
    "reverse-on-load": 0.1,
    "torque-off": 0.3,
    "emergency-stop": 0.0,
    "hand-switch": 0.02,
    "ankle-latch": 0.02,
    "presence": 2.0,
    "drive-fault": 0.0,
    "rejected": 0.0,
}
"""The safety concept's time for which a condition has to last, written down a second time on purpose. Monitors that are
not in it count from something else: angle-plausibility from where a channel stood still, tick from the tick before, and
so do the supervisor's own trips: from the start of the return, or of the recovery."""
TICKS_S: Final = 0.02
"""A condition is seen, and answered, within two ticks more."""
EPSILON_S: Final = 1e-6


class Times:
    """Times, counted by the millisecond: as large for a million sessions as for a thousand."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self.worst_index: int | None = None
        """The session with the longest one."""

    def add(self, time_s: float, index: int) -> None:
        """Count one."""
        time_ms = round(time_s * 1e3)
        if not self._counts or time_ms > max(self._counts):
            self.worst_index = index
        self._counts[time_ms] += 1

    @property
    def total(self) -> int:
        """How many there are."""
        return self._counts.total()

    @property
    def worst_s(self) -> float | None:
        """The longest one; None without any."""
        return max(self._counts) / 1e3 if self._counts else None

    @property
    def median_s(self) -> float | None:
        """The middle one, or the mean of the two in the middle; None without any."""
        return round(median(self._counts.elements()) / 1e3, 3) if self._counts else None

    def above(self, limit_s: float) -> int:
        """How many were longer."""
        return sum(count for time_ms, count in self._counts.items() if time_ms / 1e3 > limit_s + EPSILON_S)


class Detections:
    """Gathers single faults and the first response to each."""

    def __init__(self) -> None:
        self._after: dict[str, Times] = {}
        self._window_s: dict[str, float] = {}
        self._monitors: dict[str, Counter[str]] = {}
        self._windows: dict[str, Times] = {}
        """For each monitor how long it took."""

    def add(self, index: int, detected: Detected | None) -> None:
        """Count a session; of one without a fault, with two, or whose fault came after its end, nothing is known."""
        if detected is None:
            return
        fault = detected.fault
        after = self._after.setdefault(fault, Times())
        self._monitors.setdefault(fault, Counter())[detected.monitor] += 1
        if not detected.monitor:
            return
        after.add(detected.after_s, index)
        self._window_s[fault] = max(self._window_s.get(fault, 0.0), detected.window_s)
        self._windows.setdefault(detected.monitor, Times()).add(detected.window_s, index)

    def as_list(self) -> list[dict[str, Any]]:
        """Give a row for each fault: from onset to response, and from the start of the monitor's condition to it."""
        return [self._row(fault) for fault in sorted(self._after)]

    def _row(self, fault: str) -> dict[str, Any]:
        after, monitors = self._after[fault], self._monitors[fault]
        return {
            "fault": fault,
            "sessions": monitors.total(),
            "answered": after.total,
            "monitors": {name: count for name, count in monitors.most_common() if name},
            "median_s": after.median_s,
            "worst_s": after.worst_s,
            "worst_index": after.worst_index,
            "worst_window_s": round(self._window_s[fault], 3) if after.total else None,
        }

    def windows(self) -> list[dict[str, Any]]:
        """Give a row for each monitor that has a window: the longest that it took once its condition held.

        ``beyond`` counts answers that took longer than the window and two ticks.
        """
        return [self._window(monitor) for monitor in WINDOWS_S if monitor in self._windows]

    def _window(self, monitor: str) -> dict[str, Any]:
        took, most_s = self._windows[monitor], WINDOWS_S[monitor] + TICKS_S
        return {
            "monitor": monitor,
            "answers": took.total,
            "window_s": WINDOWS_S[monitor],
            "median_s": took.median_s,
            "worst_s": took.worst_s,
            "worst_index": took.worst_index,
            "beyond": took.above(most_s),
        }
