"""How long after a fault's onset the first safe command went out, for each fault that came alone."""

from array import array
from collections import Counter
from statistics import median
from typing import Any

from firmware_host.cli.campaign.results import Detected


class Detections:
    """Gathers single faults and the first response to each."""

    def __init__(self) -> None:
        self._after_s: dict[str, array[float]] = {}
        self._window_s: dict[str, float] = {}
        self._monitors: dict[str, Counter[str]] = {}
        self._worst: dict[str, int] = {}

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
