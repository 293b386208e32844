"""Lock-step: the simulator owns time, and the host runs as fast as the machine goes, through real bytes."""

from typing import Final, NamedTuple, Protocol

from sim.faults import Fault, Injector
from sim.faults.world import HostProcess, World
from sim.line import Line
from sim.table_end import TableEnd

PERIOD_MS: Final = 10
PERIOD_S: Final = PERIOD_MS * 1e-3
CLOCK_START_S: Final = 1000.0
"""A host's clock does not begin at zero."""
LINKED_S: Final = 1.0
"""With a fault before the start the operator waits so long before the first one, for the link and the rider."""
WAITS_MS: Final = 900_000
"""No motor takes longer to cool."""
KEPT_BYTES: Final = 65536
"""What an operating system keeps for a host that does not read."""


class HostSide(Protocol):
    """The part of the host that lock-step drives."""

    def exchange(self, data: bytes, now_s: float, lateness_s: float) -> bytes:
        """Do one tick."""
        ...

    @property
    def started(self) -> bool:
        """Tell whether the session has begun."""
        ...

    @property
    def waits(self) -> bool:
        """Tell whether something has to pass, like the heat of a motor, before anybody may start."""
        ...

    @property
    def over(self) -> bool:
        """Tell whether nothing more will happen."""
        ...


class LockstepResult(NamedTuple):
    """What lock-step itself knows."""

    ticks: int
    started_s: float | None
    """Simulated time at which the session began; None if it never did."""
    planned_s: float
    """From here on the operator was willing to start it; faults before the start count from here."""
    host_alive: bool
    """Whether its process was there in the end, and ran, to show an alarm."""
    jumps: tuple[tuple[float, float], ...]
    """Each jump of the host's clock: what it read after it, and how far it jumped, in seconds."""

    def simulated_s(self, clock_s: float) -> float:
        """Turn what the host's clock read into simulated time, to the microsecond: differences of large numbers err."""
        jumped_s = sum(jump_s for read_s, jump_s in self.jumps if clock_s >= read_s)
        return round(clock_s - CLOCK_START_S - jumped_s, 6)

    def begun_s(self, fault: Fault) -> float | None:
        """Simulated time at which a fault was to begin; None if the session that it counts from never did."""
        from_s = self.planned_s if fault.at_s < 0.0 else self.started_s
        return None if from_s is None else round(from_s + fault.at_s, 6)


def run_lockstep(
    board: TableEnd,
    host: HostSide,
    faults: list[Fault],
    longest_s: float,
    seed: int = 1,
    process: HostProcess | None = None,
) -> LockstepResult:
    """Run a session until the host is done, or for ``longest_s`` of simulated time in which it does not wait.

    A fault's time counts from the session's start, or back from where it may start at the earliest. ``seed`` is that of
    the line's disturbances. ``process`` is what the host looks at for what happens on its own side.
    """
    line = Line(seed, board.lines)
    to_host, to_board = line.to_host.carry, line.to_board.carry
    world = World(board, line, process)
    process = world.host
    early = [fault for fault in faults if fault.at_s < 0.0]
    process.start_from_s = LINKED_S - min(fault.at_s for fault in early) if early else 0.0
    before, injector = Injector(early, world), Injector([fault for fault in faults if fault.at_s >= 0.0], world)
    waiting = b""
    last_tick_ms = 0
    ahead_s = 0.0
    jumps: list[tuple[float, float]] = []
    started_ms: int | None = None
    now_ms = 0
    waited_ms = 0
    while now_ms - min(waited_ms, WAITS_MS) < longest_s * 1e3:
        data = to_host(board.advance(PERIOD_S), now_ms)
        now_ms += PERIOD_MS
        waiting = (waiting + data)[-KEPT_BYTES:] if waiting else data
        if early:
            before.advance(now_ms * 1e-3 - process.start_from_s)
        if started_ms is not None:
            injector.advance((now_ms - started_ms) * 1e-3)
        answer = b""
        if process.runs:
            clock_s = CLOCK_START_S + now_ms * 1e-3 + process.clock_ahead_s
            jump_s, ahead_s = process.clock_ahead_s - ahead_s, process.clock_ahead_s
            if jump_s:
                jumps.append((clock_s, jump_s))
            # A loop measures how late it is by the clock that jumped.
            lateness_s = max(now_ms - last_tick_ms - PERIOD_MS, 0) * 1e-3 + jump_s
            answer = host.exchange(waiting, clock_s, lateness_s)
            waiting, last_tick_ms = b"", now_ms
            if started_ms is None and host.started:
                started_ms = now_ms
            if host.over:
                break
            if host.waits:
                waited_ms += PERIOD_MS
        arrived = to_board(answer, now_ms)
        if arrived:
            board.receive(arrived)
    started_s = None if started_ms is None else started_ms * 1e-3
    return LockstepResult(now_ms // PERIOD_MS, started_s, process.start_from_s, process.runs, tuple(jumps))
