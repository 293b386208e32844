"""Faults of the line between board and host, and of the board at its end."""

from typing import Final

from sim.faults import causes
from sim.faults.kind import SOON, Begin, End, Kind, Parameter, Place
from sim.faults.world import World
from sim.line import Direction, Disturbance

TO_HOST: Final = ("to_host",)
TO_BOARD: Final = ("to_board",)
BOTH: Final = (*TO_HOST, *TO_BOARD)
_SHARE: Final = Parameter(0.3, 0.001, 1.0, "of the frames")
_MANY: Final = 0.01
"""With fewer frames disturbed a drive from a shop brings a rider up as fast as without a fault."""
_LONG_MS: Final = 10.0
"""The same of a line that is silent, or late, for less: the host waits 30 ms for an answer that takes 10."""


_BEGAN_ANEW: Final = frozenset({"angle-agreement", "angle-plausibility"})
"""A drive that counts from 0 again where the table has hardly left it is no other than an encoder that jumped."""


def _directions(world: World, names: tuple[str, ...]) -> list[Direction]:
    return [getattr(world.line, name) for name in names]


def _disturb(field: str, names: tuple[str, ...] = BOTH) -> tuple[Begin, End]:
    """Begin and end of one field of ``sim.line.Disturbance``."""

    def put(world: World, value: float | bool) -> None:
        for direction in _directions(world, names):
            direction.disturb(**{field: value})

    healthy = getattr(Disturbance(), field)
    flag = isinstance(healthy, bool)
    return (lambda world, value: put(world, flag or value)), (lambda world: put(world, healthy))


def _wire(
    text: str,
    field: str,
    names: tuple[str, ...] = BOTH,
    parameter: Parameter | None = None,
    right: frozenset[str] = causes.LINK | {"rejected"},
    *,
    apart: frozenset[str] = causes.APART,
    cuts_off_from: float = 0.0,
    silences: bool = False,
) -> Kind:
    begin_end = _disturb(field, names)
    return Kind(
        Place.WIRE,
        text,
        *begin_end,
        right,
        parameter=parameter,
        apart=apart,
        cuts_off_from=cuts_off_from,
        silences=silences,
    )


def _swap_board(world: World, _: float) -> None:
    world.board.swap(world.board.serial + 1)


def _swap_back(world: World) -> None:
    world.board.swap(world.board.serial - 1)


def _reboot(world: World, _: float) -> None:
    world.board.reboot()


KINDS: Final[dict[str, Kind]] = {
    "cable-out": _wire("the serial cable is pulled out", "cut", silences=True)._replace(due=SOON),
    "to-host-dead": _wire("nothing that the board sends arrives", "cut", TO_HOST)._replace(due=SOON),
    "to-board-dead": _wire("nothing that the host sends arrives", "cut", TO_BOARD, silences=True)._replace(due=SOON),
    "frames-lost": _wire(
        "VALUE of the frames, each by itself, do not arrive", "lost_share", parameter=_SHARE, cuts_off_from=_MANY
    ),
    "frames-lost-in-bursts": _wire(
        "each half second all frames are lost for VALUE",
        "burst_ms",
        parameter=Parameter(150.0, 10.0, 500.0, "ms"),
        cuts_off_from=_LONG_MS,
    ),
    "bits-flipped": _wire(
        "in VALUE of the frames a bit is turned over", "flipped_share", parameter=_SHARE, cuts_off_from=_MANY
    ),
    "frames-repeated": _wire(
        "VALUE of the frames arrive twice",
        "repeated_share",
        parameter=_SHARE._replace(default=1.0),
        cuts_off_from=_MANY,
    ),
    "frames-reordered": _wire(
        "VALUE of the frames arrive after the next one", "reordered_share", parameter=_SHARE, cuts_off_from=_MANY
    ),
    "frames-delayed": _wire(
        "every frame arrives VALUE late",
        "delay_ms",
        parameter=Parameter(150.0, 1.0, 10000.0, "ms"),
        cuts_off_from=_LONG_MS,
        # An old rate beside a new command; and a delay that ends looks like a host that slept: the board's clock leaps.
        right=causes.LINK | {"rejected", "following", "tick"},
        # An ODrive's answers are bare numbers: one that comes late enough is taken for another one's.
        apart=causes.APART | {"energy", "temperature", "torque-off"},
    )._replace(delays=True),
    "frames-stale": _wire(
        "the frames of the first VALUE arrive again and again instead of new ones",
        "replay_ms",
        parameter=Parameter(500.0, 10.0, 10000.0, "ms"),
        # An inclinometer that goes the same way again and again, and a drive that takes old orders for new ones.
        apart=causes.APART | causes.ANGLES | causes.MOTION | {"drive-fault", "energy", "temperature", "torque-off"},
    )._replace(repeats_orders=True),
    "babble": _wire("somebody else talks on the line without end", "babble"),
    "wrong-board": Kind(
        Place.WIRE,
        "the line is on another board, of another serial number",
        _swap_board,
        _swap_back,
        causes.LINK | {"rejected"},
        apart=_BEGAN_ANEW,
        jolts=True,
        cuts_off_from=0.0,
    ),
    "board-reboot": Kind(
        Place.WIRE,
        "the board reboots and forgets all",
        _reboot,
        lambda _: None,
        causes.LINK | {"rejected"},
        apart=_BEGAN_ANEW,
        jolts=True,
        cuts_off_from=0.0,
    ),
}
