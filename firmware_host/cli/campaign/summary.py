"""What a campaign found, added up session by session; memory does not grow with their number."""

import heapq
from collections import Counter
from typing import Any, Final

from firmware_host.cli.campaign.coverage import Coverage
from firmware_host.cli.campaign.detection import Detections
from firmware_host.cli.campaign.results import Result, Weakest
from safety.monitors import REGISTER
from safety.supervisor import OWN_TRIPS

FAILURES_KEPT: Final = 200
WORST_KEPT: Final = 12


class Summary:
    """Adds up results, which come in the order of their indices."""

    def __init__(self) -> None:
        self.sessions = self.fault_free = self.violations = self.wrong_causes = self.false_trips = 0
        self.unanswered = 0
        self.core_s = self.simulated_s = 0.0
        self.coverage = Coverage()
        self.detections = Detections()
        self.failures: list[Result] = []
        """The first ones."""
        self.failing = 0
        self.tripped: Counter[str] = Counter()
        """For each monitor the sessions in which it tripped."""
        self.weakest: dict[str, tuple[Weakest, int]] = {}
        """For each rule its smallest margin, and the session's index."""
        self._worst: list[tuple[float, int]] = []

    def add(self, result: Result) -> None:
        """Count a session."""
        self.sessions += 1
        self.fault_free += not result.faults
        self.violations += bool(result.violations)
        self.wrong_causes += bool(result.wrong_causes)
        self.false_trips += bool(result.false_trips)
        self.unanswered += bool(result.unanswered)
        self.core_s += result.core_s
        self.simulated_s += result.session_s
        self.coverage.add(result.onsets)
        self.detections.add(result.index, result.detected)
        self.failing += bool(result.broken)
        self.tripped.update({trip.monitor for trip in result.trips})
        if result.broken and len(self.failures) < FAILURES_KEPT:
            self.failures.append(result)
        for margin in result.margins:
            known = self.weakest.get(margin.rule)
            if known is None or margin.share < known[0].share:
                self.weakest[margin.rule] = (margin, result.index)
        heapq.heappush(self._worst, (-result.weakest_share, -result.index))
        if len(self._worst) > WORST_KEPT:
            heapq.heappop(self._worst)

    @property
    def failed(self) -> bool:
        """Whether any property was broken in any session."""
        return bool(self.violations or self.wrong_causes or self.false_trips or self.unanswered)

    @property
    def worst(self) -> list[tuple[float, int]]:
        """The smallest shares with the indices of their sessions, the smallest first."""
        return [(-share, -index) for share, index in sorted(self._worst, reverse=True)]

    def as_dict(self) -> dict[str, Any]:
        """Give it for machines."""
        return {
            "sessions": self.sessions,
            "fault_free": self.fault_free,
            "violations": self.violations,
            "wrong_causes": self.wrong_causes,
            "false_trips": self.false_trips,
            "unanswered": self.unanswered,
            "sessions_per_core_second": self._a_core_second(self.sessions),
            "sessions_of_90_s_per_core_second": self._a_core_second(self.simulated_s / 90.0),
            "simulated_s": round(self.simulated_s, 1),
            "core_s": round(self.core_s, 2),
            "weakest": [
                {**margin.model_dump(), "index": index}
                for margin, index in sorted(self.weakest.values(), key=lambda entry: entry[0].share)
            ],
            "failing": self.failing,
            "tripped": {name: self.tripped[name] for name in (*(monitor.id for monitor in REGISTER), *OWN_TRIPS)},
            "detection": self.detections.as_list(),
            "windows": self.detections.windows(),
            "coverage": self.coverage.as_dict(),
        }

    def _a_core_second(self, number: float) -> float | None:
        return round(number / self.core_s, 3) if self.core_s else None
