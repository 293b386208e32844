"""What a benchmark hands back."""

from enum import StrEnum
from typing import NamedTuple


class Comparison(StrEnum):
    """On which side of the target a figure is good."""

    AT_LEAST = "at least"
    AT_MOST = "at most"


class Figure(NamedTuple):
    """One measured number and what was hoped for."""

    name: str
    value: float
    unit: str
    target: float | None = None
    """None for a figure that is shown for comparison and judged by nobody."""
    comparison: Comparison = Comparison.AT_MOST
    note: str = ""
    """How it was measured, in a few words: repetitions, what ran beside it, the spread."""

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None without a target. A value that is no number reaches none."""
        if self.target is None:
            return None
        return self.value >= self.target if self.comparison is Comparison.AT_LEAST else self.value <= self.target
