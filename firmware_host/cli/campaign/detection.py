"""How long after a fault's onset the first safe command went out, for each fault that came alone, and each monitor."""

from array import array
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
not in it count from something else: angle-plausibility from where a channel stood still, tick from the tick before."""
TICKS_S: Final = 0.02
"""A condition is seen, and answered, within two ticks more."""
EPSILON_S: Final = 1e-6


class Detections:
    """Gathers single faults and the first response to each."""

    def __init__(self) -> None:
        self._after_s: dict[str, array[float]] = {}
        self._window_s: dict[str, float] = {}
        self._monitors: dict[str, Counter[str]] = {}
        self._worst: dict[str, int] = {}
        self._windows: dict[str, list[tuple[float, int]]] = {}
        """For each monitor how long it took in which session."""

    def add(self, index: int, detected: Detected | None) -> None:
        """Count a session; of one without a fault, with two, or whose fault came after its end, nothing is known."""
        if detected is None:
            return
        fault = detected.fault
        times_s = self._after_s.setdefault(fault, array("d"))
        monitors = self._monitors.setdefault(fault, Counter())
        monitors[detected.monitor] += 1
        if not detected.monitor:
            return
        if not times_s or detected.after_s > max(times_s):
            self._worst[fault] = index
        times_s.append(detected.after_s)
        self._window_s[fault] = max(self._window_s.get(fault, 0.0), detected.window_s)
        self._windows.setdefault(detected.monitor, []).append((detected.window_s, index))

    def as_list(self) -> list[dict[str, Any]]:
        """Give a row for each fault: from onset to response, and from the start of the monitor's condition to it."""
        return [self._row(fault) for fault in sorted(self._after_s)]

    def _row(self, fault: str) -> dict[str, Any]:
        times_s, monitors = self._after_s[fault], self._monitors[fault]
        return {
            "fault": fault,
            "sessions": monitors.total(),
            "answered": len(times_s),
            "monitors": {name: count for name, count in monitors.most_common() if name},
            "median_s": round(median(times_s), 3) if times_s else None,
            "worst_s": round(max(times_s), 3) if times_s else None,
            "worst_index": self._worst.get(fault),
            "worst_window_s": round(self._window_s[fault], 3) if times_s else None,
        }

    def windows(self) -> list[dict[str, Any]]:
        """Give a row for each monitor that has a window: the longest that it took once its condition held.

        ``beyond`` counts answers that took longer than the window and two ticks.
        """
        return [self._window(monitor) for monitor in WINDOWS_S if monitor in self._windows]

    def _window(self, monitor: str) -> dict[str, Any]:
        took, most_s = self._windows[monitor], WINDOWS_S[monitor] + TICKS_S
        worst_s, index = max(took)
        return {
            "monitor": monitor,
            "answers": len(took),
            "window_s": WINDOWS_S[monitor],
            "median_s": round(median(time_s for time_s, _ in took), 3),
            "worst_s": round(worst_s, 3),
            "worst_index": index,
            "beyond": sum(time_s > most_s + EPSILON_S for time_s, _ in took),
        }
