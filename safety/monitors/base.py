"""What a monitor is, and the one helper that most of them use."""

from abc import ABC, abstractmethod

from safety.signals import Recovery, Response
from safety.view import View


class Monitor(ABC):
    """Watches one thing. ``check`` gives the response that the newest facts call for; it may keep time, nothing else.

    Class attributes:
        id: name in the safety concept, in records and on the screen.
        hazard: the hazard of the survey that it controls.
        recovery: how a rider is brought back after a stop that it ordered.
        stops_recovery: whether its condition, while it lasts, forbids powered motion in a recovery too.
        clears_by_reset: whether its condition is a memory that the operator's acknowledgement wipes.
    """

    id: str
    hazard: str
    recovery: Recovery = Recovery.AUTOMATIC
    stops_recovery: bool = False
    clears_by_reset: bool = False

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


class Since:
    """For how long a condition has been true without a break."""

    __slots__ = ("start_s",)

    def __init__(self) -> None:
        self.start_s: float | None = None

    def held_s(self, condition: bool, now_s: float) -> float:
        """Seconds that the condition has lasted; -1 while it is false."""
        if not condition:
            self.start_s = None
            return -1.0
        if self.start_s is None:
            self.start_s = now_s
        return now_s - self.start_s
