"""Faults of the process that the host runs in, of its disk, and of the operator's panel."""

from typing import Final

from sim.faults import causes
from sim.faults.kind import Begin, Due, End, Kind, Parameter, Place
from sim.faults.world import World

_UNWATCHED: Final = Due(3.0)
"""A panel has 2 s for each sign of life."""
_LATE: Final = causes.LINK | {"tick", "rejected"}


def _stop(world: World, _: float) -> None:
    world.host.runs = False


def _continue(world: World) -> None:
    world.host.runs = not world.host.killed


def _kill(world: World, _: float) -> None:
    world.host.runs, world.host.killed = False, True


def _jump(world: World, ahead_s: float) -> None:
    world.host.clock_ahead_s += ahead_s


def _flag(name: str) -> tuple[Begin, End]:
    """Begin and end of what is or is not so of the host."""
    return (lambda world, _: setattr(world.host, name, True)), (lambda world: setattr(world.host, name, False))


def _panel(text: str, name: str, right: frozenset[str]) -> Kind:
    return Kind(Place.PROCESS, text, *_flag(name), right, at_panel=True)


KINDS: Final[dict[str, Kind]] = {
    "host-stall": Kind(
        Place.PROCESS,
        "the control loop's process does not run",
        _stop,
        _continue,
        _LATE,
        cuts_off_from=0.0,
        silences=True,
    ),
    "host-killed": Kind(
        Place.PROCESS,
        "the control loop's process is killed, and none takes its place",
        _kill,
        None,
        frozenset(),
        cuts_off_from=0.0,
        silences=True,
    ),
    "clock-jump": Kind(
        Place.PROCESS,
        "the host's clock jumps ahead by VALUE",
        _jump,
        None,
        _LATE | causes.ASTRAY | {"time-inverted", "following"},
        parameter=Parameter(10.0, 0.01, 3600.0, "s"),
        startles=True,
    ),
    "disk-full": Kind(
        Place.PROCESS,
        "the disk that the black box writes to is full",
        *_flag("disk_full"),
        frozenset(),
        on_disk=True,
    ),
    "panel-gone": _panel(
        "the operator's panel gives no sign of life any more", "panel_gone", frozenset({"presence"}) | causes.LEFT_THERE
    )._replace(due=_UNWATCHED),
    "panel-floods": _panel(
        "the operator's panel presses start, acknowledge and pause all the time", "panel_floods", frozenset()
    ),
    "panel-babbles": _panel(
        "the operator's panel gives signs of life whose age is no number, or less than nothing",
        "panel_babbles",
        frozenset({"presence"}) | causes.LEFT_THERE,
    )._replace(due=_UNWATCHED),
}
