"""What a fault is: an entry of the catalogue."""

import math
from collections.abc import Callable
from enum import StrEnum
from typing import Final, NamedTuple

from sim.faults.world import World


class Place(StrEnum):
    """Where a fault happens."""

    PHYSICS = "physics"
    SENSOR = "sensor"
    WIRE = "wire"
    PROCESS = "process"
    PERSON = "person"


class Parameter(NamedTuple):
    """The number that may follow a fault's name."""

    default: float
    lowest: float
    highest: float
    unit: str


Begin = Callable[[World, float], None]
End = Callable[[World], None]


class Due(NamedTuple):
    """When a fault has to be answered by a trip, wherever the table is away from upright."""

    within_s: float
    value_from: float = 0.0
    """Smaller values may pass."""
    by_board: bool = False
    """Of the table board alone: not every drive measures what it changes."""
    fades: bool = False
    """What it does is soon over: it may pass where the table was not away from upright from its onset on."""
    least: str = "RETURN"
    """The weakest response that is an answer, where no other fault has its own."""
    noticed_s: float | None = None
    """What lasts for so long has to be answered in the end, although it is over by then; None: ``within_s``."""
    where_held: bool = False
    """Only at a table whose hand switch is held: elsewhere nobody uses its contact until they want to come up."""


SOON: Final = Due(1.0)
"""Longer than any monitor waits for what it can see in a frame, and than any device takes to tell it."""
BY_HAND: Final = Due(1.0, least="EMERGENCY_RETURN", noticed_s=0.1)
"""A rider's contact may be let go for a moment only; a module of contacts is asked every few hundredths of a second."""
CHAIN: Final = BY_HAND._replace(least="TORQUE_OFF")


class Kind(NamedTuple):
    """One fault of the catalogue."""

    place: Place
    text: str
    """What happens; VALUE stands for the parameter."""
    begin: Begin
    """Given the parameter, or 0 where there is none."""
    end: End | None
    """None: it is for good."""
    causes: frozenset[str]
    """Ids of the monitors that are right to trip."""
    due: Due | None = None
    """When it has to be answered; None: no trip at all can be right too."""
    hidden_by: str = ""
    """Name of the fault beside which nobody can see this one: it has to be answered while it is there alone."""
    parameter: Parameter | None = None
    cannot_move: bool = False
    """The drive cannot be asked to bring anybody upright: standing still with an alarm is right."""
    overloads_from: float = math.inf
    """From this value on no table is made to lift what hangs on it, with what a recovery may use of its torque."""
    angle: str = ""
    """Which of the two angles it spoils."""
    spoils_from: float = 0.0
    """From this value on: what is less than two healthy angles may differ by spoils none."""
    misleads: bool = False
    """The angle goes another way than the table. With the other one spoiled too, nothing tells a drive that turns the
    wrong way from a sensor that does: standing still with an alarm is right."""
    says_upright: bool = False
    """The upright switch is closed wherever the table is. With an angle spoiled too, nothing tells which of the two
    lies about the last degrees: standing still there with an alarm is right."""
    jolts: bool = False
    """How fast the rate changes is nobody's choice any more: the drive disobeys, hardware cuts its torque, a brake
    clamps, or a board begins anew."""
    jolts_from: float = math.inf
    """From this value on it does that too."""
    brake_fails: bool = False
    """The brake holds no longer; with a drive that disobeys, or a gear that broke, nothing is left that could."""
    load_path_broke: bool = False
    """Nothing ties the table to its motor any more."""
    ignores_orders: bool = False
    """The power stage drives the motor whatever it is told, short of losing its enable."""
    blinds: bool = False
    """The drive's own loop has no use for its encoder any more: one without a second witness cannot turn as told."""
    too_much_from: float = math.inf
    """From this value on a drive from a shop cannot turn as told either: its loop has but one encoder, and it protects
    itself before it protects anybody else."""
    in_company: frozenset[str] = frozenset()
    """Right answers too where another fault came as well."""
    apart: frozenset[str] = frozenset()
    """Right answers too where each device has a line of its own, and one may be silent alone."""
    cuts_off_from: float = math.inf
    """From this value on nothing, or next to nothing, may pass between host and table while it lasts."""
    silences: bool = False
    """Nothing that the host says arrives while it lasts."""
    repeats_orders: bool = False
    """Orders of long ago arrive again: a drive that does not know them as old does what nobody tells it."""
    delays: bool = False
    """What is said arrives late."""
    startles: bool = False
    """The host takes itself for late, and a drive that only answers for one that stopped by itself: it is let go."""
    at_panel: bool = False
    """It happens to the operator's panel: a session with it has one."""
    on_disk: bool = False
    """It happens to the disk that the black box is on: a session with it has one."""
    person_stops: bool = False
    """A person orders a stop: standing still is right from there on."""
    asks_up: bool = False
    """A person asks for the way up, if the table is held by a stop and a person's word is what it waits for."""
    gives_way: bool = False
    """At its end nothing is left of what the table may have pushed against."""
    opens_chain: bool = False
    """The emergency-stop chain is open while it lasts: nothing moves the table, whether or not a host hears of it."""

    @property
    def told(self) -> str:
        """What happens, with the parameter's default, unit and range."""
        if self.parameter is None:
            return self.text
        default, lowest, highest, unit = self.parameter
        return f"{self.text}; VALUE is {default:g} {unit} unless given, from {lowest:g} to {highest:g}"


def physics(index: int) -> tuple[Begin, End]:
    """Begin and end of a fault that is one parameter of ``sim.plant``."""

    def begin(world: World, value: float) -> None:
        world.table.physics[index] = value

    return begin, lambda world: world.heal_physics(index)


def fixed(begin: Begin, value: float) -> Begin:
    """Begin with a number that nobody chooses."""
    return lambda world, _: begin(world, value)
