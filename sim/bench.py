"""Lock-step: the simulator owns time, and the host runs as fast as the machine goes, through real bytes."""

from typing import Final, NamedTuple, Protocol

from sim.board import VirtualBoard
from sim.faults import Fault, Injector, Lines

PERIOD_MS: Final = 10
PERIOD_S: Final = PERIOD_MS * 1e-3
CLOCK_START_S: Final = 1000.0
"""A host's clock does not begin at zero."""
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
    def over(self) -> bool:
        """Tell whether nothing more will happen."""
        ...


class LockstepResult(NamedTuple):
    """What lock-step itself knows."""

    ticks: int
    started_s: float | None
    """Simulated time at which the session began."""


def run_lockstep(board: VirtualBoard, host: HostSide, faults: list[Fault], longest_s: float) -> LockstepResult:
    """Run a session until the host is done, or for ``longest_s`` of simulated time.

    A fault's time counts from the session's start.
    """
    lines = Lines()
    injector = Injector(faults, board.table, lines)
    waiting = b""
    last_tick_ms = 0
    started_ms: int | None = None
    now_ms = 0
    while now_ms < longest_s * 1e3:
        data = board.advance(PERIOD_S)
        now_ms += PERIOD_MS
        if lines.to_host:
            waiting = (waiting + data)[-KEPT_BYTES:] if waiting else data
        if started_ms is not None:
            injector.advance((now_ms - started_ms) * 1e-3)
        if not lines.host_runs:
            continue
        lateness_s = max(now_ms - last_tick_ms - PERIOD_MS, 0) * 1e-3
        answer = host.exchange(waiting, CLOCK_START_S + now_ms * 1e-3, lateness_s)
        waiting, last_tick_ms = b"", now_ms
        if answer and lines.to_board:
            board.receive(answer)
        if started_ms is None and host.started:
            started_ms = now_ms
        if host.over:
            break
    started_s = None if started_ms is None else started_ms * 1e-3
    return LockstepResult(now_ms // PERIOD_MS, started_s)
