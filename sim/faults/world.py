"""What a fault can touch: the table with its sensors, the line, and the process that the host runs in."""

from dataclasses import dataclass, field

from sim.line import Line
from sim.table import SimulatedTable
from sim.table_end import TableEnd


@dataclass
class HostProcess:
    """The process that the host runs in, with its disk, its panel, and who presses something there."""

    runs: bool = True
    killed: bool = False
    """It never comes back."""
    clock_ahead_s: float = 0.0
    """What its clock has gained on the time."""
    disk_full: bool = False
    start_from_s: float = 0.0
    """Simulated time from which on the operator presses start, once everything is ready."""
    presses: list[str] = field(default_factory=list)
    """Fields of a request that somebody pressed since the host last looked."""
    panel_watches: bool = False
    """The operator sits at a panel, which gives signs of life."""
    panel_gone: bool = False
    panel_floods: bool = False
    panel_babbles: bool = False


class World:
    """All that a fault can touch, and what it was like before the first one."""

    def __init__(self, board: TableEnd, line: Line, host: HostProcess | None = None) -> None:
        """Remember the healthy table, so that faults can end."""
        self.board = board
        self.line = line
        self.host = HostProcess() if host is None else host
        self._healthy_physics = board.table.physics.copy()
        self._healthy_faults = board.table.faults.copy()

    @property
    def table(self) -> SimulatedTable:
        """The table with its rider."""
        return self.board.table

    def heal_physics(self, *indices: int) -> None:
        """Give parameters of ``sim.plant`` their first values again."""
        for index in indices:
            self.table.physics[index] = self._healthy_physics[index]

    def heal_sensor(self, index: int) -> None:
        """Give an entry of the fault array of ``sim.sensors`` its first value again."""
        self.table.faults[index] = self._healthy_faults[index]
