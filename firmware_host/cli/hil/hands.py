"""Who presses buttons at the table: the simulator, or a person who is told to."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

from firmware_host.cli.simulator import SimulatorProcess
from safety.view import HandSwitchMode
from sim.faults import CATALOGUE
from sim.faults.world import World

EMERGENCY_STOP: Final = "emergency-stop"
HAND_SWITCH: Final = "hand-switch-release"


class Hands(ABC):
    """Begins and ends what people do at the table, by its name in ``sim.faults.CATALOGUE``."""

    patience_s = 5.0
    """How long to wait until it is seen."""

    def __init__(self) -> None:
        self._under_way: set[str] = set()

    def begin(self, act: str) -> None:
        """Let it happen."""
        self._under_way.add(act)
        self._do(act, begins=True)

    def end(self, act: str) -> None:
        """Let it be over."""
        self._under_way.discard(act)
        self._do(act, begins=False)

    def end_all(self) -> None:
        """Let everything be over that a test left."""
        for act in sorted(self._under_way):
            self.end(act)

    def prepare(self) -> None:  # noqa: B027 - nothing to do where the rider does so unasked
        """Let the rider try the hand switch, and hold it as the table wants it: a simulated one does so by itself."""

    @abstractmethod
    def _do(self, act: str, *, begins: bool) -> None: ...


class SimulatedHands(Hands):
    """In this process."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def _do(self, act: str, *, begins: bool) -> None:
        kind = CATALOGUE[act]
        if begins:
            kind.begin(self._world, 0.0)
        elif kind.end is not None:
            kind.end(self._world)


class RemoteHands(Hands):
    """In the simulated table's own process."""

    def __init__(self, simulator: SimulatorProcess) -> None:
        super().__init__()
        self._simulator = simulator

    def _do(self, act: str, *, begins: bool) -> None:
        self._simulator.tell(f"{'begin' if begins else 'end'} {act}")


class PersonsHands(Hands):
    """A person's, who is told what to do and seen doing it by the table's own contacts."""

    patience_s = 60.0

    def __init__(self, say: Callable[[str], None], hand_switch: HandSwitchMode) -> None:
        super().__init__()
        self._say = say
        held, free = "PRESS the hand switch and keep it pressed", "LET GO of the hand switch"
        self._good, bad = (held, free) if hand_switch == "hold-to-run" else (free, held)
        self._words = {
            EMERGENCY_STOP: ("PRESS the emergency stop", "RELEASE the emergency stop"),
            HAND_SWITCH: (bad, self._good),
        }

    def _do(self, act: str, *, begins: bool) -> None:
        self._say(self._words[act][0 if begins else 1])

    def prepare(self) -> None:
        """Ask for the hand switch to be tried."""
        self._say(f"Try the hand switch: press it, let go of it; then {self._good}, from beside the table")
