"""Faults that can be put into a simulated session, each at the level where it happens.

``CATALOGUE`` has them all, ``parse`` reads ``NAME[=VALUE]@SECONDS[:DURATION]``, and ``Injector`` begins and ends them.
A new fault is one entry in the file of its place.
"""

import math
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import combinations
from typing import Final, NamedTuple

from sim.faults import actuator, person, process, sensor, wire
from sim.faults.kind import Due, Kind
from sim.faults.world import World

CATALOGUE: Final[dict[str, Kind]] = {**sensor.KINDS, **actuator.KINDS, **wire.KINDS, **process.KINDS, **person.KINDS}


EARLIEST_S: Final = -60.0
_MOMENTARY: Final = ("board-reboot",)
"""Over soon after they have begun, although campaigns draw a duration for them."""
MOMENTARY_S: Final = 4.0
"""A drive from a shop boots for 3 s, and has a second to be found again."""
ENOUGH_OF_A_BRAKE: Final = 0.65
"""The weakest brake that campaigns draw has 300 N m, and their heaviest rider pulls with 194."""
STRAYED_DEG: Final = 1.0
"""Two healthy angles may differ by as much."""
FADES_S: Final = 0.1
"""What is soon over is still all there for so long."""
OLD_MS: Final = 200.0
"""The timeout of a drive: what comes later than this finds it stopped."""


class Fault(NamedTuple):
    """A fault to be injected."""

    name: str
    at_s: float
    """Seconds after the session's start; below 0: before the moment from which on the operator presses start."""
    duration_s: float | None
    """None: it stays."""
    value: float | None = None
    """The kind's parameter; None: its default."""

    def __str__(self) -> str:
        """Give it as ``parse`` reads it."""
        value = "" if self.value is None else f"={self.value:g}"
        return f"{self.name}{value}@{self.at_s:g}" + ("" if self.duration_s is None else f":{self.duration_s:g}")

    @property
    def kind(self) -> Kind:
        """Its entry in the catalogue."""
        return CATALOGUE[self.name]

    @property
    def effect(self) -> str:
        """What it changes; the same for a fault and its counterpart the other way."""
        return self.name.removesuffix("-low")

    @property
    def lasts_s(self) -> float:
        """How long what it does can be felt; infinite for what stays."""
        told_s = math.inf if self.duration_s is None else self.duration_s
        return min(told_s, MOMENTARY_S) if self.name in _MOMENTARY else told_s

    @property
    def due(self) -> Due | None:
        """When it has to be answered; None if it may pass."""
        due = self.kind.due
        return None if due is None or self.amount < due.value_from else due

    @property
    def felt_s(self) -> float:
        """How long what has to be answered can be felt."""
        due = self.kind.due
        return min(self.lasts_s, due.within_s + FADES_S) if due is not None and due.fades else self.lasts_s

    @property
    def jolts(self) -> bool:
        """How fast the rate changes is nobody's choice any more."""
        return self.kind.jolts or self.amount >= self.kind.jolts_from

    @property
    def amount(self) -> float:
        """The parameter in force; 0 where the kind has none."""
        default = 0.0 if self.kind.parameter is None else self.kind.parameter.default
        return default if self.value is None else self.value

    @property
    def cannot_move(self) -> bool:
        """The drive cannot bring the rider upright, or not with what a recovery may use of its torque."""
        return self.kind.cannot_move or self.amount >= self.kind.overloads_from

    @property
    def cuts_off(self) -> bool:
        """Nothing, or next to nothing, may pass between host and table."""
        return self.amount >= self.kind.cuts_off_from

    @property
    def delays_orders(self) -> bool:
        """Orders arrive so late that a drive has stopped for want of them before."""
        return self.kind.delays and self.amount >= OLD_MS

    @property
    def spoils(self) -> str:
        """Which of the two angles cannot be told by any more; empty for none, and for one that is next to right."""
        spoiled = self.amount >= self.kind.spoils_from and self.strayed_deg >= STRAYED_DEG
        return self.kind.angle if spoiled else ""

    @property
    def drifts(self) -> bool:
        """An angle goes its own way, at a rate."""
        return self.kind.misleads and self.kind.parameter is not None

    @property
    def strayed_deg(self) -> float:
        """How far a drift has gone in the end; infinite for what is no drift, or never ends."""
        return self.amount * self.duration_s if self.drifts and self.duration_s is not None else math.inf

    @property
    def lets_slip(self) -> bool:
        """The brake holds less than a table may need."""
        return self.kind.brake_fails and self.amount < ENOUGH_OF_A_BRAKE

    @property
    def blinds(self) -> bool:
        """A drive from a shop cannot turn as told any more."""
        return self.kind.blinds or self.amount >= self.kind.too_much_from


class FaultError(ValueError):
    """A fault was asked for that does not exist or cannot be read."""


def parse(text: str) -> Fault:
    """Read ``NAME[=VALUE]@SECONDS[:DURATION]``. Raises ``FaultError`` that says what would be right."""
    what, _, times = text.partition("@")
    name, equals, value = what.partition("=")
    if name not in CATALOGUE:
        near = get_close_matches(name, CATALOGUE, n=1)
        advice = f"did you mean {near[0]}? " if near else ""
        raise FaultError(f"{text!r}: no fault is called {name!r}; {advice}righting faults lists them all")
    start, colon, duration = times.partition(":")
    try:
        at_s = float(start)
        duration_s = float(duration) if colon else None
        number = float(value) if equals else None
    except ValueError:
        raise FaultError(
            f"{text!r}: write it as NAME@SECONDS or NAME@SECONDS:DURATION, like {name}@40:3, with numbers only"
        ) from None
    fault = Fault(name, at_s, duration_s, number)
    problem = _problem(fault)
    if problem:
        raise FaultError(f"{text!r}: {problem}")
    return fault


def parse_all(texts: Iterable[str]) -> list[Fault]:
    """Read faults that are injected together. Raises ``FaultError``."""
    faults = [parse(text) for text in texts]
    for fault, other in combinations(faults, 2):
        if _clash(fault, other):
            raise FaultError(
                f"'{fault}' and '{other}' are the same fault at the same time: the end of one would end the other;"
                " leave one of them out"
            )
    return faults


def apart(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Leave out each that ``parse_all`` would refuse beside one before it."""
    kept: list[Fault] = []
    for fault in faults:
        if not any(_clash(other, fault) for other in kept):
            kept.append(fault)
    return tuple(kept)


def _clash(fault: Fault, other: Fault) -> bool:
    """Tell whether one begins while another one of its effect lasts; a press, or a board's reboot, never does."""
    if fault.effect != other.effect:
        return False
    first, second = sorted((fault, other), key=lambda one: one.at_s)
    if first.kind.end is None or first.name in _MOMENTARY:
        return False
    return first.duration_s is None or second.at_s < first.at_s + first.duration_s


def _problem(fault: Fault) -> str:
    """What is wrong with the numbers of a fault; empty if nothing is."""
    kind, value, duration_s = fault.kind, fault.value, fault.duration_s
    bad = not (math.isfinite(fault.at_s) and fault.at_s >= EARLIEST_S)
    if bad or (duration_s is not None and not (math.isfinite(duration_s) and duration_s > 0.0)):
        return f"the times must be finite, the start {EARLIEST_S:g} or more and the duration more than 0"
    if duration_s is not None and kind.end is None:
        return "this is for good: leave the duration out"
    if value is None:
        return ""
    if kind.parameter is None:
        return "this fault takes no value: leave it out"
    _, lowest, highest, unit = kind.parameter
    if not lowest <= value <= highest:
        return f"the value must be from {lowest:g} to {highest:g} {unit}"
    return ""


def right_answers(names: Iterable[str], *, apart: bool = False) -> frozenset[str]:
    """Ids of the monitors that are right to trip when these faults come together. Raises ``KeyError``.

    ``apart`` says that each device has a line of its own.
    """
    kinds = [CATALOGUE[name] for name in names]
    found = [kind.causes for kind in kinds] + [kind.apart for kind in kinds if apart]
    return frozenset().union(*found, *(kind.in_company for kind in kinds if len(kinds) > 1))


class Injector:
    """Begins and ends faults when their time comes."""

    def __init__(self, faults: list[Fault], world: World) -> None:
        """Faults that begin at the same time come in the order of the list."""
        self._world = world
        due: list[tuple[float, Fault, bool]] = []
        for fault in faults:
            due.append((fault.at_s, fault, True))
            if fault.duration_s is not None:
                due.append((fault.at_s + fault.duration_s, fault, False))
        self._due = sorted(due, key=lambda entry: (entry[0], entry[2]))  # what ends makes room for what begins

    def advance(self, since_start_s: float) -> None:
        """Do what is due ``since_start_s`` seconds after the session's start."""
        while self._due and self._due[0][0] <= since_start_s:
            _, fault, begins = self._due.pop(0)
            if begins:
                fault.kind.begin(self._world, fault.amount)
            elif fault.kind.end is not None:
                fault.kind.end(self._world)
