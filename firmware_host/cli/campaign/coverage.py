"""Which faults met which situations, and which never did: the blind spots of a campaign."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from firmware_host.cli.campaign.results import Onset
from firmware_host.control.operating_states import LEAVES
from sim.faults import CATALOGUE

Situation = tuple[str, str]
"""Operating state, and phase of the table's motion."""


class Coverage:
    """Counts the cells (operating state at onset, fault, phase)."""

    def __init__(self) -> None:
        self.cells: Counter[tuple[Situation, str]] = Counter()

    def add(self, onsets: Iterable[Onset]) -> None:
        """Count a session."""
        self.cells.update(((onset.state, onset.phase), onset.fault) for onset in onsets)

    def situations(self) -> list[Situation]:
        """Give the situations that at least one fault met: the others may be impossible."""
        return sorted({situation for situation, _ in self.cells})

    def blind_spots(self) -> dict[str, list[str]]:
        """Give for each fault the situations that other faults met, and this one never did."""
        situations = self.situations()
        return {
            fault: [", ".join(situation) for situation in situations if (situation, fault) not in self.cells]
            for fault in sorted(CATALOGUE)
        }

    def as_dict(self) -> dict[str, Any]:
        """Give it for machines."""
        situations = self.situations()
        states = {state for state, _ in situations}
        return {
            "met": len(self.cells),
            "possible": len(situations) * len(CATALOGUE),
            "situations": [", ".join(situation) for situation in situations],
            "faults_never_met": sorted(set(CATALOGUE) - {fault for _, fault in self.cells}),
            "states_never_met": [state for state in LEAVES if state not in states],
            "blind_spots": self.blind_spots(),
        }
