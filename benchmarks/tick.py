"""One controller tick: how long the pure step takes that must be over long before the next frame."""

import time

from benchmarks.figure import Figure
from benchmarks.sessions import REGULAR, load
from firmware_host.cli.lockstep_host import LockstepHost
from firmware_host.cli.virtual import make_board
from firmware_host.control.ticks import TickInput, TickOutput
from sim.lockstep import run_lockstep

TARGET_P99_US = 200.0


class _Stopwatch:
    """A controller's ``tick``, timed."""

    def __init__(self, host: LockstepHost) -> None:
        self.times_ns: list[int] = []
        self._tick = host.controller.tick
        self._controller = host.controller
        host.host.controller = self  # type: ignore[assignment]  # stands in for the controller it times

    def tick(self, tick_input: TickInput) -> TickOutput:
        """Time one tick."""
        begun_ns = time.perf_counter_ns()
        output = self._tick(tick_input)
        self.times_ns.append(time.perf_counter_ns() - begun_ns)
        return output


def measure(short: bool) -> list[Figure]:
    """Time every tick of whole sessions."""
    times_ns: list[int] = []
    for _ in range(1 if short else 3):
        session = load(REGULAR)
        host = LockstepHost(session, None, 1)
        stopwatch = _Stopwatch(host)
        run_lockstep(make_board(session.table, session.rider, 1), host, [], 1000.0)
        times_ns += stopwatch.times_ns
    times_ns.sort()
    p50_us, p99_us, worst_us = (times_ns[int((len(times_ns) - 1) * share)] / 1e3 for share in (0.5, 0.99, 1.0))
    note = f"{len(times_ns):,} ticks; median {p50_us:.1f} us, worst {worst_us:.0f} us"
    return [Figure("controller tick, p99", p99_us, "us", TARGET_P99_US, note=note)]
