"""Lateness of the real-time loop, against a bare sleep loop on the same machine at the same time.

The simulated table is a process of its own on a virtual port, as in ``righting run``, with the black box on. A tick's
lateness is when it begins beside when its frame was due on the board's 100 Hz grid (taken from the quickest frames).
The bare loop is a third process that sleeps to a 100 Hz grid of its own and notes how late it wakes.
"""

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.figure import Figure
from benchmarks.sessions import REGULAR, load
from drivers.board import HostLink
from drivers.port import SerialPort
from firmware_host.cli.sessions import make_controller
from firmware_host.cli.simulator import SimulatorProcess
from firmware_host.cli.summary import open_blackbox
from firmware_host.control.host import Host
from firmware_host.control.loop import Loop, Requests
from firmware_host.control.real_time import real_time
from firmware_host.control.ticks import TickOutput

TARGET: Final = 2.0
PERIOD_S: Final = 0.01
BARE: Final = """
import sys, time
ticks, late = int(sys.argv[1]), []
start = time.monotonic()
for n in range(1, ticks + 1):
    time.sleep(max(start + n * 0.01 - time.monotonic(), 0.0))
    late.append(time.monotonic() - start - n * 0.01)
print(*late)
"""


def measure(short: bool) -> list[Figure]:
    """Run both for a minute (short: 5 s)."""
    ticks = 500 if short else 6000
    with subprocess.Popen([sys.executable, "-c", BARE, str(ticks)], stdout=subprocess.PIPE, text=True) as bare:
        ours = _loop(ticks)
        out, _ = bare.communicate()
    theirs = sorted(float(value) for value in out.split())
    our_ms, their_ms = (share(times, 0.999) * 1e3 for times in (ours, theirs))
    note = (
        f"{ticks / 100:.0f} s: p99.9 {our_ms:.2f} ms against {their_ms:.2f} ms bare; "
        f"medians {share(ours, 0.5) * 1e3:.2f} and {share(theirs, 0.5) * 1e3:.2f} ms"
    )
    return [Figure("loop lateness over a bare sleep loop, p99.9", our_ms / their_ms, "x", TARGET, note=note)]


def _loop(ticks: int) -> list[float]:
    session = load(REGULAR)
    begun: list[tuple[float, int]] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        open_blackbox(session, Path(folder), 1, time.monotonic()) as blackbox,
        SimulatorProcess(None, None, 1.0, 1) as simulator,
        contextlib.closing(SerialPort(simulator.url, 115200)) as port,
    ):
        port.open()
        host = Host(make_controller(session), HostLink(lambda: time.monotonic_ns() & 0xFFFFFFFF), blackbox)

        def note(_: TickOutput) -> bool:
            newest = host.controller.safety.view
            if newest.fresh and newest.telemetry is not None:
                begun.append((newest.now_s, newest.telemetry.board_time_us))
            return len(begun) >= ticks

        with real_time():
            Loop(host, port, Requests()).run(note)
    return lateness_s(begun)


def lateness_s(begun: Sequence[tuple[float, int]]) -> list[float]:
    """How late ticks began, in s, rising; ``begun`` has when each began and the board's time in us in its frame."""
    delays = [now_s - board_us * 1e-6 for now_s, board_us in begun]
    quickest = min(delays)
    return sorted(delay - quickest for delay in delays)


def share(times: Sequence[float], of: float) -> float:
    """The value below which a share ``of`` of times lies, which are in rising order."""
    return times[int((len(times) - 1) * of)]
