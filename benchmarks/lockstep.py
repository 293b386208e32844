"""The full stack in lock-step: physics, board, real bytes, controller and black box."""

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.figure import Comparison, Figure
from benchmarks.sessions import REGULAR, load
from firmware_host.cli.lockstep_host import LockstepHost
from firmware_host.cli.summary import open_blackbox
from firmware_host.cli.virtual import make_board
from sim.lockstep import CLOCK_START_S, run_lockstep

TARGET = 300.0


def measure(short: bool) -> list[Figure]:
    """Run the same session several times; the median counts."""
    factors = [_factor() for _ in range(3 if short else 9)]
    spread = f"median of {len(factors)}, {min(factors):.0f} to {max(factors):.0f}; the aim is 600"
    return [
        Figure("lock-step with black box", statistics.median(factors), "x", TARGET, Comparison.AT_LEAST, spread),
    ]


def _factor() -> float:
    session = load(REGULAR)
    with tempfile.TemporaryDirectory() as folder:
        board = make_board(session.table, session.rider, 1)
        board.table.advance_ms(0)
        with open_blackbox(session, Path(folder), 1, CLOCK_START_S, lossless=True) as blackbox:
            host = LockstepHost(session, blackbox, 1)
            begun_s = time.perf_counter()
            result = run_lockstep(board, host, [], 1000.0)
            return result.ticks * 0.01 / (time.perf_counter() - begun_s)
