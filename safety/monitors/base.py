"""What a monitor is, and the helpers that most of them use."""

from abc import ABC, abstractmethod
from typing import ClassVar, Final

from safety.signals import Recovery, Response
from safety.view import View

FORGETS: Final = 0.5
"""A condition that is gone is forgotten at half the speed at which it was believed: flickering does not hide it."""
FORGOTTEN_S: Final = -0.0099
"""Forgotten after two frames of 10 ms without it, a hair less for floating point: what is there in every second frame
adds up, in every third it never does."""
RESOLUTION_S: Final = 1e-6
"""Ten periods of 10 ms are 100 ms, whatever their sum is in floating point."""


class Monitor(ABC):
    """Watches one thing. ``check`` gives the response that the newest facts call for; it may keep time, nothing else.

    Class attributes:
        id: name in the safety concept, in records and on the screen.
        hazard: the hazard that it controls (``docs/evidence/hazards.sdoc``).
        recovery: how a rider is brought back after a stop that it ordered.
        stops_recovery: whether its condition, while it lasts, forbids powered motion in a recovery too.
        asks_recovery: whether its appearing while a rider is held still is a reason to bring that rider upright, even
            if a person ordered the stop.
        turns_back: whether what stopped the table on its way to inversion is freed by turning back at once.
        clears_by_reset: whether its condition is a memory that the operator's acknowledgement wipes.
        lacks_power: whether recoveries that come to nothing while its condition lasts may be made again once that is
            over.
    """

    id: ClassVar[str]
    hazard: ClassVar[str]
    recovery: ClassVar[Recovery] = Recovery.AUTOMATIC
    stops_recovery: ClassVar[bool] = False
    asks_recovery: ClassVar[bool] = False
    turns_back: ClassVar[bool] = False
    clears_by_reset: ClassVar[bool] = False
    lacks_power: ClassVar[bool] = False

    @abstractmethod
    def check(self, view: View) -> Response:
        """Judge this tick."""

    @abstractmethod
    def detail(self, view: View) -> str:
        """Say what was seen, with numbers and units."""

    def since_s(self, view: View) -> float:
        """When the cause appeared; monitors that wait for it to last say when that began."""
        return view.now_s

    def on_trip(self, view: View) -> None:  # noqa: B027 - most monitors have nothing to do
        """Do what must be done beside the response."""


def told(value: float | None, digits: int, unit: str) -> str:
    """Say a value with its unit, or that it is not known."""
    return "unknown" if value is None else f"{value:.{digits}f} {unit}"


class Since:
    """For how long a condition has been true; short breaks count against it, but do not begin it anew."""

    __slots__ = ("_held_s", "_seen_s", "start_s")

    def __init__(self) -> None:
        self.start_s: float | None = None
        """When it appeared; None while there is nothing to remember."""
        self._held_s = 0.0
        self._seen_s = 0.0

    def held_s(self, condition: bool, now_s: float) -> float:
        """Seconds that the condition has lasted; -1 while it is false."""
        if self.start_s is None:
            if not condition:
                return -1.0
            self.start_s = self._seen_s = now_s
            self._held_s = 0.0
            return 0.0
        passed_s, self._seen_s = now_s - self._seen_s, now_s
        if condition:
            self._held_s += passed_s
            return self._held_s + RESOLUTION_S
        self._held_s -= FORGETS * passed_s
        if self._held_s < FORGOTTEN_S:
            self.start_s = None
        return -1.0

    def since_s(self, view: View) -> float:
        """When it appeared, as ``Monitor.since_s`` gives it."""
        return view.now_s if self.start_s is None else self.start_s

    def clear(self) -> None:
        """Forget it."""
        self.start_s = None
