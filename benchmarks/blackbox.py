"""What a record of the black box costs: in the thread that must not wait, and in both threads together."""

import math
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.figure import Comparison, Figure
from firmware_host.control.ticks import NO_REQUEST, TickInput, TickOutput
from firmware_host.recording.blackbox import BlackBox
from safety.signals import BoardConfig, CommandMode, Response, SafeCommand, Telemetry

RECORDS = 60_000
"""Ten minutes at 100 Hz."""
HOUR = 360_000
CALLING_US, TOTAL_US, HOUR_MB = 4.0, 6.0, 35.0


class Cost(NamedTuple):
    """One session's cost."""

    calling_us: float
    """CPU time of the calling thread, a record."""
    total_us: float
    """CPU time of the process, a record, with compressing, writing and ending the file."""
    record_bytes: float
    """In the file."""


def measure(short: bool) -> list[Figure]:
    """Record the same session several times; the median counts."""
    ticks = _ticks(random.Random(1))
    costs = [_cost(ticks) for _ in range(3 if short else 9)]
    hours_mb = [cost.record_bytes * HOUR / 1e6 for cost in costs]
    return [
        _figure("a record, calling thread", [cost.calling_us for cost in costs], "us", CALLING_US),
        _figure("a record, both threads", [cost.total_us for cost in costs], "us", TOTAL_US),
        _figure("an hour, in large chunks", hours_mb, "MB", HOUR_MB),
    ]


def _figure(name: str, values: list[float], unit: str, target: float) -> Figure:
    note = f"median of {len(values)}, {min(values):.2f} to {max(values):.2f}"
    return Figure(f"black box: {name}", statistics.median(values), unit, target, Comparison.AT_MOST, note)


def _cost(ticks: list[tuple[TickInput, TickOutput]]) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        before_s = time.process_time()
        with BlackBox(Path(folder), "benchmark", {}, 0, lossless=True) as box:
            calling_s = time.thread_time()
            for tick_input, output in ticks:
                box.record(tick_input, output)
            calling_s = time.thread_time() - calling_s
        total_s = time.process_time() - before_s
        size = box.path.stat().st_size
    return Cost(calling_s / len(ticks) * 1e6, total_s / len(ticks) * 1e6, size / len(ticks))


def _ticks(draw: random.Random) -> list[tuple[TickInput, TickOutput]]:
    """A session with the resolution of the wire and with noise, which is what a compressor works on."""
    config = BoardConfig(7, 1, (1, 0, 0), 1, -75.0, 60.0, 8.0, 0.25)
    ticks = []
    for number in range(RECORDS):
        now_s = number * 0.01
        angle = round(-75.0 + 60.0 * abs(math.sin(now_s / 50.0)) + draw.gauss(0.0, 0.02), 2)
        telemetry = Telemetry(
            7, number & 0xFFFF, number * 10_000 & 0xFFFFFFFF, number & 0xFFFF, 0.004, angle,
            round(angle + draw.gauss(0.0, 0.05), 2), round(draw.gauss(2.0, 0.1), 3), round(draw.gauss(4.0, 0.2), 2),
            24.1, 35.5, 40.25, 74, 2, 0, 0, 0,
        )  # fmt: skip
        command = SafeCommand(CommandMode.MOVE, 2.0 + angle / 100.0, 2.0, 1.0)
        output = TickOutput(command, "session_moving", Response.NONE, 40.0, now_s / 600.0, 2, ())
        ticks.append((TickInput(now_s, telemetry, config, 0.0, NO_REQUEST), output))
    return ticks
