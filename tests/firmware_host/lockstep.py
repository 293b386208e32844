"""A whole host against the simulated table, a tick at a time, with a person who presses what a test says."""

from collections.abc import Callable
from pathlib import Path

from drivers.board import HostLink
from firmware_host.cli.sessions import load_session, make_controller
from firmware_host.cli.virtual import make_board
from firmware_host.control.host import Host
from firmware_host.control.ticks import NO_REQUEST, Event, OperatorRequest, TickOutput

EXAMPLES = Path(__file__).parents[2] / "examples"
START = OperatorRequest(start=True)


class Lockstep:
    """Board, line and host. ``cut`` keeps the board's bytes away; ``late_s`` is how late the host's loop is."""

    def __init__(self, program: str = "intermittent-40", rider: str = "regular") -> None:
        session = load_session(
            EXAMPLES / "programs" / f"{program}.toml", EXAMPLES / "riders" / f"{rider}.toml", EXAMPLES / "table.toml"
        )
        self.board = make_board(session.table, session.rider, 1)
        self.controller = make_controller(session)
        nonces = iter(range(1, 100_000))
        self.host = Host(self.controller, HostLink(lambda: next(nonces)), None)
        self.events: list[Event] = []
        self.now_s = 50.0
        self.cut = False
        self.late_s = 0.0

    @property
    def state(self) -> str:
        return str(self.controller.states.state)

    @property
    def angle_deg(self) -> float:
        return self.board.table.truth().angle_deg

    def tick(self, pressed: OperatorRequest = NO_REQUEST) -> TickOutput:
        self.now_s += 0.01
        data = self.board.advance(0.01)
        self.board.receive(self.host.exchange(b"" if self.cut else data, self.now_s, self.late_s, pressed))
        output = self.host.output
        assert output is not None
        self.events += output.events
        return output

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 100)):
            self.tick()

    def until(self, done: Callable[[], bool], at_most_s: float = 120.0) -> None:
        for _ in range(round(at_most_s * 100)):
            if done():
                return
            self.tick()
        raise AssertionError(f"not done after {at_most_s} s: {self.state} at {self.angle_deg:.1f} deg")

    def absent(self, seconds: float) -> None:
        """Let time pass without the host; what the board sends meanwhile is lost, but for the newest frame."""
        self.now_s += seconds
        self.board.advance(seconds)

    def start(self) -> None:
        self.until(lambda: self.state == "boarding_ready", 5.0)
        self.tick(START)

    def texts(self, kind: str) -> list[str]:
        return [event.text for event in self.events if event.kind == kind]
