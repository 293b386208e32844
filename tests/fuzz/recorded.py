"""What the emulated drives say, as conversations of ``tests.fuzz.pieces``: identification, and exchanges after it."""

from collections.abc import Callable
from itertools import count
from typing import Final

from drivers.dialogue import Dialogue, DriveSetup
from drivers.line_chunks import join, split
from drivers.odrive import ODrive
from drivers.polled import PolledDrive
from drivers.roboclaw import FIRST_ADDRESS, RoboClaw
from drivers.servo import Servo
from drivers.vesc import Vesc
from sim.odrive import EmulatedODrive
from sim.rig import Device, Rig
from sim.roboclaw import EmulatedRoboClaw
from sim.servo import EmulatedServo
from sim.table import SimulatedTable
from sim.vesc import EmulatedVesc
from tests.fuzz.drives import MAP, UNIT, setup_of
from tests.fuzz.pieces import COMMANDS, START_S, TICK_S, Kind, piece
from tests.fuzz.seeds import MOVE
from tests.sim.rigs import driven_table

TICKS: Final = 24
BAUD: Final = 115200
_MAKES: Final[dict[str, tuple[int, Callable[[DriveSetup], Dialogue], Callable[[SimulatedTable], Device]]]] = {
    "vesc": (0, Vesc, lambda table: EmulatedVesc(table, BAUD)),
    "odrive": (0, ODrive, lambda table: EmulatedODrive(table, BAUD)),
    "roboclaw": (FIRST_ADDRESS, RoboClaw, lambda table: EmulatedRoboClaw(table, BAUD)),
    "servo": (UNIT, lambda setup: Servo(setup, MAP), lambda table: EmulatedServo(table, BAUD, MAP)),
}
"""Address, and both ends of the line."""
NAMES: Final = tuple(_MAKES)


def recorded(name: str) -> bytes:
    """Let the host of a target talk with the emulated drive; gives what that said, tick by tick."""
    address, make, emulate = _MAKES[name]
    table, setup = driven_table(), setup_of(address)
    rig, link = Rig(table, [emulate(table)]), PolledDrive(make(setup), setup, count(1).__next__)
    said, now_s = b"", START_S
    rig.receive(join([link.transmit(None, now_s)]))
    for _ in range(TICKS):
        now_s += TICK_S
        data = b"".join(part for _, part in split(rig.advance(TICK_S), 1))
        said += piece(Kind.RAW, data, MOVE)
        link.receive(data, now_s)
        rig.receive(join([link.transmit(COMMANDS[MOVE], now_s)]))
    return said
