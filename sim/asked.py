"""What the truth oracle judges by beside the truth: what people asked for, what a drive can do, what faults made of it.

Times are seconds of simulated time. What never happens, happens at infinity.
"""

from collections.abc import Iterable
from math import inf
from typing import NamedTuple


class Tripped(NamedTuple):
    """A trip, as the session's record tells it."""

    monitor: str
    response: str
    """A name of ``sim.oracle_rescue.DEADLINES``."""
    t_s: float


class Span(NamedTuple):
    """A part of a session."""

    from_s: float
    until_s: float
    """Infinite: to the end."""

    def holds(self, other: "Span") -> bool:
        """Tell whether all of another one lies in it."""
        return self.from_s <= other.from_s and other.until_s <= self.until_s

    @property
    def lasts_s(self) -> float:
        """How long it is."""
        return self.until_s - self.from_s

    def both(self, other: "Span") -> "Span":
        """Give what they have in common: of no length, or less, if they do not meet."""
        return Span(max(self.from_s, other.from_s), min(self.until_s, other.until_s))

    def meets(self, other: "Span") -> bool:
        """Tell whether they have a moment in common."""
        return self.from_s < other.until_s and other.from_s < self.until_s

    def without(self, others: Iterable["Span"]) -> list["Span"]:
        """Give the parts of it in which none of the others lasts."""
        parts = [self]
        for other in others:
            before = [Span(part.from_s, min(part.until_s, other.from_s)) for part in parts]
            after = [Span(max(part.from_s, other.until_s), part.until_s) for part in parts]
            parts = [part for part in (*before, *after) if part.from_s < part.until_s]
        return parts


class Owed(NamedTuple):
    """A fault that has to be answered."""

    fault: str
    lasts: Span
    within_s: float
    """So soon after it meets a table away from upright, or a table with it gets there."""
    least: str = "RETURN"
    """The weakest response that is an answer: a name of ``sim.oracle_rescue.DEADLINES``."""
    noticed_s: float | None = None
    """So long it has to be there for that; None: as long as there is for the answer."""


class Drive(NamedTuple):
    """What a drive can do, as far as promises hang on it; a table board unless told otherwise."""

    returns_by_itself: bool = True
    """The table brings its rider upright when nobody commands it. Without it, it is promised to stand still."""
    brakes: bool = True
    """A brake closes when the drive is off. Without one a self-locking gear holds, and to stand is to be still."""
    slows_alone: bool = True
    """A drive that hears nothing slows down before it lets its motor go, and a brake closes by its springs."""


class Harm(NamedTuple):
    """What faults made of table, drive and line: what cannot be promised any more, and from when on."""

    broke_from_s: float = inf
    """A gear or coupling failed, or a brake beside an actuator that is dead: nothing ties the table to its motor."""
    ties_again_s: float = inf
    """The gear has hold of the table again, wherever that has gone meanwhile."""
    unbraked: bool = False
    """The brake slipped as well while nothing tied the table to its motor."""
    jolted_s: tuple[Span, ...] = ()
    """When how fast the rate changes is nobody's choice: the drive disobeys, or hardware cuts its torque."""
    stuck_s: tuple[Span, ...] = ()
    """When nothing can move the table upright: the actuator is dead, or the way is blocked. Standing still is right. A
    stop before that is one to recover from, and what is stuck no longer is to be recovered."""
    coasts: bool = False
    """Where the torque is cut nothing but friction slows the table, or a brake against a motor that pushes on."""
    sees_late_from_s: float = inf
    """The motor's angle is spoiled, and the drive disobeys: the table's own angle alone sees it."""
    wrong_by_dps: float = 0.0
    """The drive turns by an encoder that drifts by so much, and nothing tells it: it may be slower than it was told."""
    drifting: bool = False
    """The drive turns by an encoder that drifts: the table's own angle alone shows how fast it really turns."""
    off_deg: float = 0.0
    """Both angles have a fault, and the one to go by may be off by so much although it counts as right."""
    unsure_deg: float = 0.0
    """So far from upright the table may be taken to be there, since an angle is spoiled and an alarm says to look: far
    where the switch says upright wherever the table is, a little where an angle has drifted unnoticed."""
    repeats_s: Span | None = None
    """When the drive did what it was told long ago, because the line repeated that: nobody had a say in it."""
    startled_s: tuple[float, ...] = ()
    """When a drive started of itself: the host took it for one that had stopped, or its only encoder leapt."""
    late_orders_s: tuple[Span, ...] = ()
    """When a drive that does not know old orders starts and stops by those of long ago."""
    freed_s: tuple[float, ...] = ()
    """When something gave way that the table may have been pushed against, and no trip had eased that off."""
    cut_off_s: tuple[Span, ...] = ()
    """When nothing may have passed between host and table."""
    silent_s: tuple[Span, ...] = ()
    """When nothing that a host said arrived at the table."""

    @property
    def load_path_breaks(self) -> bool:
        """Nothing ties the table to its motor in the end."""
        return self.broke_from_s < inf

    @property
    def jolted_from_s(self) -> float:
        """When how fast the rate changes was first out of anybody's hands."""
        return min((span.from_s for span in self.jolted_s), default=inf)

    @property
    def stuck_from_s(self) -> float:
        """When the table first was one that nothing could move upright."""
        return min((span.from_s for span in self.stuck_s), default=inf)

    @property
    def cannot_move(self) -> bool:
        """There was a time when nothing could move the table upright."""
        return self.stuck_s != ()


class Asked(NamedTuple):
    """What people and trips asked for, and what stands in the way of it."""

    limit_deg: float
    """The rider's limit in this session."""
    started_s: float | None
    """When the operator started the session; None if nobody did."""
    trips: tuple[Tripped, ...]
    """In the order in which they came."""
    rest_s: float
    """The rest at horizontal that belongs to the return."""
    person_stopped_s: float | None
    """When a person ordered a stop, so that standing still is right from there on."""
    asked_up_s: float | None = None
    """When a person asked for the way up after the last of these stops, with nothing left that forbids it."""
    changes_s: tuple[float, ...] = ()
    """When faults began or ended, in order. What was promised before is promised anew from there."""
    invert_rate_dps: float = 3.0
    """The session's limit of rate toward inversion."""
    brake_accel_dps2: float = 8.0
    """How hard the table is braked to stand."""
    upright_deg: float = -75.0
    """Where the rider boards: what the table's file calls upright."""
    alarm: str = ""
    """What the operator was told at the end."""
    causes: frozenset[str] | None = frozenset()
    """Monitors that are right answers to the faults that were injected; None: not known."""
    owed: tuple[Owed, ...] = ()
    """What must not pass without a trip."""
    waits_s: tuple[Span, ...] = ()
    """From a person's stop to whatever comes next: in between nobody is to move the table, either way."""
    rests: bool = False
    """Nothing but people may keep a rider who is brought out of inversion from the rest at horizontal."""
    ended: bool = True
    """Whether the session was over before the simulator gave up waiting. Without its host nobody ends it, and with a
    line that fails on, or a contact that stays wrong, it may wait for good."""
    replayed: bool | None = None
    """Whether the black box, replayed, gave the same commands; None where it was not tried."""
    drive: Drive = Drive()
    harm: Harm = Harm()

    @property
    def nothing_holds(self) -> bool:
        """In the end the table swings as its rider's weight wants."""
        return self.harm.load_path_breaks and (self.harm.unbraked or not self.drive.brakes)
