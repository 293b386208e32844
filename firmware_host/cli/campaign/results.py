"""What is known of a session that was run and judged: the rows of a campaign's shards."""

from typing import Final

from pydantic import BaseModel, ConfigDict

CRASHED_SHARE: Final = -1000.0


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Onset(_Row):
    """Where a fault met the session."""

    fault: str
    state: str
    """The operating state of the host."""
    phase: str
    """Where the table truly was and which way it was turning."""


class Tripped(_Row):
    """A trip."""

    monitor: str
    response: str
    t_s: float
    """Simulated time."""


class Detected(_Row):
    """The one fault of a session, and the first response after it."""

    fault: str
    monitor: str
    """Empty if nothing tripped: not every fault asks for an answer where it meets a session."""
    after_s: float
    """From the fault's onset to the first safe command."""
    window_s: float
    """From when the monitor's condition began to hold to the first safe command."""


class Weakest(_Row):
    """The smallest margin of one rule in a session."""

    rule: str
    value: float
    unit: str
    share: float
    """Without unit: 1 is as far from breaking as can be, below 0 is broken."""
    text: str


class Result(_Row):
    """A session, judged."""

    index: int
    faults: tuple[str, ...]
    outcome: str
    session_s: float
    """Simulated time."""
    core_s: float
    """Processor time that drawing, running and judging took."""
    trips: tuple[Tripped, ...]
    onsets: tuple[Onset, ...]
    detected: Detected | None = None
    """For a session with one fault that came before its end."""
    violations: tuple[str, ...]
    wrong_causes: tuple[str, ...]
    false_trips: tuple[str, ...]
    unanswered: tuple[str, ...] = ()
    margins: tuple[Weakest, ...]
    """One for each rule that had a say, the smallest share first."""

    @property
    def weakest_share(self) -> float:
        """How near the session came to breaking any rule; one that crashed is beyond the worst."""
        return self.margins[0].share if self.margins else CRASHED_SHARE

    @property
    def broken(self) -> frozenset[str]:
        """Names of the properties that did not hold."""
        told = (*self.violations, *self.wrong_causes, *self.false_trips, *self.unanswered)
        return frozenset(text.partition(":")[0] for text in told)
