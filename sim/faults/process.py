"""Faults of the process that the host runs in."""

from typing import Final

from sim.faults import causes
from sim.faults.world import Kind, Parameter, Place, World

_LATE: Final = causes.LINK | {"tick", "rejected"}


def _stop(world: World, _: float) -> None:
    world.host.runs = False


def _continue(world: World) -> None:
    world.host.runs = not world.host.killed


def _kill(world: World, _: float) -> None:
    world.host.runs, world.host.killed = False, True


def _jump(world: World, ahead_s: float) -> None:
    world.host.clock_ahead_s += ahead_s


KINDS: Final[dict[str, Kind]] = {
    "host-stall": Kind(
        Place.PROCESS, "the control loop's process does not run", _stop, _continue, _LATE, may_pass=True
    ),
    "host-killed": Kind(
        Place.PROCESS,
        "the control loop's process is killed, and none takes its place",
        _kill,
        None,
        frozenset(),
        may_pass=True,
    ),
    "clock-jump": Kind(
        Place.PROCESS,
        "the host's clock jumps ahead by VALUE",
        _jump,
        None,
        _LATE | {"time-inverted", "progress", "following"},
        may_pass=True,
        parameter=Parameter(10.0, 0.01, 3600.0, "s"),
    ),
}
