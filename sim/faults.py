"""Faults that can be put into a simulated session, each at the level where it happens.

A fault has a name, a place, and what it does when it begins and ends. ``parse`` reads ``NAME@SECONDS[:DURATION]``. A
new fault is one entry in ``CATALOGUE``.
"""

import math
from collections.abc import Callable
from typing import Final, NamedTuple

from sim import plant, sensors
from sim.layout import ENCODER_DEG, INCLINOMETER_DEG
from sim.table import SimulatedTable

DRIFT_DPS: Final = 0.5
JUMP_DEG: Final = 5.0
NOISE_DEG: Final = 0.3
RUNAWAY_DUTY: Final = 0.6
OBSTRUCTION_AHEAD_DEG: Final = 1.0


class Lines:
    """What lies between board and host: two directions that can be cut, and a host that can be kept from running."""

    def __init__(self) -> None:
        self.to_host = True
        self.to_board = True
        self.host_runs = True


class Kind(NamedTuple):
    """One fault of the catalogue."""

    place: str
    """physics, sensor, wire, process or person."""
    text: str
    begin: Callable[[SimulatedTable, Lines], None]
    end: Callable[[SimulatedTable, Lines], None]


class Fault(NamedTuple):
    """A fault to be injected."""

    name: str
    at_s: float
    """Seconds after the session's start."""
    duration_s: float | None
    """None: it stays."""

    def __str__(self) -> str:
        """Give it as ``parse`` reads it."""
        return f"{self.name}@{self.at_s:g}" + ("" if self.duration_s is None else f":{self.duration_s:g}")


def _physics(index: int, begun: float, healed: float) -> tuple[Callable[[SimulatedTable, Lines], None], ...]:
    def begin(table: SimulatedTable, _: Lines) -> None:
        table.physics[index] = begun

    def end(table: SimulatedTable, _: Lines) -> None:
        table.physics[index] = healed

    return begin, end


def _sensor(channels: tuple[int, ...], fault: int, value: float) -> tuple[Callable[[SimulatedTable, Lines], None], ...]:
    def put(table: SimulatedTable, number: float) -> None:
        for channel in channels:
            table.faults[sensors.fault_index(channel, fault)] = number

    return (lambda table, _: put(table, value)), (lambda table, _: put(table, 0.0))


def _person(index: int, begun: float) -> tuple[Callable[[SimulatedTable, Lines], None], ...]:
    def begin(table: SimulatedTable, _: Lines) -> None:
        table.faults[index] = begun

    def end(table: SimulatedTable, _: Lines) -> None:
        table.faults[index] = 1.0 - begun

    return begin, end


def _line(name: str) -> tuple[Callable[[SimulatedTable, Lines], None], ...]:
    names = ("to_host", "to_board") if name == "cable" else (name,)

    def put(lines: Lines, value: bool) -> None:
        for each in names:
            setattr(lines, each, value)

    return (lambda _, lines: put(lines, False)), (lambda _, lines: put(lines, True))


def _obstruct(table: SimulatedTable, _: Lines) -> None:
    """Something stands in the way that the table is going, a degree ahead."""
    truth = table.truth()
    ahead = math.radians(truth.angle_deg + math.copysign(OBSTRUCTION_AHEAD_DEG, truth.rate_dps))
    table.physics[plant.OBSTRUCTION_ABOVE_RAD if truth.rate_dps >= 0.0 else plant.OBSTRUCTION_BELOW_RAD] = ahead


def _clear_way(table: SimulatedTable, _: Lines) -> None:
    table.physics[plant.OBSTRUCTION_ABOVE_RAD] = math.inf
    table.physics[plant.OBSTRUCTION_BELOW_RAD] = -math.inf


def _angle_faults(name: str, what: str, channel: int) -> dict[str, Kind]:
    """All that can happen to one of the two angles."""
    faults = {
        "stuck": ("repeats its last value", sensors.STUCK, 1.0),
        "jump": (f"jumps {JUMP_DEG:g} deg toward inversion", sensors.OFFSET, JUMP_DEG),
        "jump-low": (f"jumps {JUMP_DEG:g} deg toward upright", sensors.OFFSET, -JUMP_DEG),
        "drift": (f"drifts toward inversion by {DRIFT_DPS:g} deg/s", sensors.DRIFT_PER_S, DRIFT_DPS),
        "drift-low": (f"drifts toward upright by {DRIFT_DPS:g} deg/s", sensors.DRIFT_PER_S, -DRIFT_DPS),
        "reversed": ("counts backward from where it is", sensors.REVERSED, 1.0),
        "noisy": (f"has noise of {NOISE_DEG:g} deg", sensors.NOISE, NOISE_DEG),
        "dead": ("gives nothing", sensors.DEAD, 1.0),
    }
    return {
        f"{name}-{fault}": Kind("sensor", f"{what} {text}", *_sensor((channel,), index, value))
        for fault, (text, index, value) in faults.items()
    }


CATALOGUE: Final[dict[str, Kind]] = {
    **_angle_faults("encoder", "the motor-side encoder", ENCODER_DEG),
    **_angle_faults("inclinometer", "the table-side inclinometer", INCLINOMETER_DEG),
    "runaway": Kind(
        "physics",
        "the drive ignores its orders and turns toward inversion until its torque enable is taken away",
        *_physics(plant.RUNAWAY_DUTY, RUNAWAY_DUTY, math.nan),
    ),
    "obstruction": Kind("physics", "something stands in the table's way, a degree ahead", _obstruct, _clear_way),
    "cable-out": Kind("wire", "the serial cable is pulled out", *_line("cable")),
    "host-stall": Kind("process", "the control loop's process does not run", *_line("host_runs")),
    "hand-switch-release": Kind(
        "person", "the rider lets go of the hand switch", *_person(sensors.HAND_SWITCH_HELD, 0.0)
    ),
    "power-loss": Kind("physics", "the mains are gone", *_physics(plant.MAINS_LOST, 1.0, 0.0)),
}


class FaultError(ValueError):
    """A fault was asked for that does not exist or cannot be read."""


def parse(text: str) -> Fault:
    """Read ``NAME@SECONDS[:DURATION]``. Raises ``FaultError`` that says what is wrong and what would be right."""
    name, at, times = text.partition("@")
    if name not in CATALOGUE:
        raise FaultError(f"{text!r}: no fault is called {name!r}; known are {', '.join(sorted(CATALOGUE))}")
    start, colon, duration = times.partition(":")
    try:
        at_s = float(start)
        duration_s = float(duration) if colon else None
    except ValueError:
        raise FaultError(f"{text!r}: write it as NAME@SECONDS or NAME@SECONDS:DURATION, like {name}@40:3") from None
    bad = not (math.isfinite(at_s) and at_s >= 0.0) or not at
    if bad or (duration_s is not None and not (math.isfinite(duration_s) and duration_s > 0.0)):
        raise FaultError(f"{text!r}: the times must be finite, the start 0 or more and the duration more than 0")
    return Fault(name, at_s, duration_s)


class Injector:
    """Begins and ends faults when their time comes."""

    def __init__(self, faults: list[Fault], table: SimulatedTable, lines: Lines) -> None:
        self._table, self._lines = table, lines
        due: list[tuple[float, Callable[[SimulatedTable, Lines], None]]] = []
        for fault in faults:
            kind = CATALOGUE[fault.name]
            due.append((fault.at_s, kind.begin))
            if fault.duration_s is not None:
                due.append((fault.at_s + fault.duration_s, kind.end))
        self._due = sorted(due, key=lambda entry: entry[0])

    def advance(self, since_start_s: float) -> None:
        """Do what is due ``since_start_s`` seconds after the session's start."""
        while self._due and self._due[0][0] <= since_start_s:
            self._due.pop(0)[1](self._table, self._lines)
