"""What the program costs: the time until ``righting --help`` has answered, and a controller's memory in a session."""

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

import psutil

from benchmarks.figure import Comparison, Figure

COMMAND: Final = Path(sys.executable).with_name("righting")
HELP_TARGET_S: Final = 0.4
MEMORY_TARGET_MB: Final = 120.0


def measure(short: bool) -> list[Figure]:
    """Start the command a few times; the first start, which may compile, is not counted."""
    starts = 3 if short else 15
    _start_s()
    taken_s = [_start_s() for _ in range(starts)]
    note = f"median of {starts} starts, {min(taken_s):.2f} to {max(taken_s):.2f} s"
    return [
        Figure("start of righting --help", median(taken_s), "s", HELP_TARGET_S, Comparison.AT_MOST, note),
        _memory(),
    ]


def _memory() -> Figure:
    """Peak resident memory of the controller's process while it runs the demonstration on the simulated table."""
    peak = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [COMMAND, "run", "--headless", "--speed", "20", "--plain", "--records", folder],
            stdout=subprocess.PIPE,
            text=True,
        ) as run,
    ):
        assert run.stdout is not None
        process = psutil.Process(run.pid)
        for line in run.stdout:
            if "session over" in line:
                break  # what comes after the session, such as drawing its picture, is not the controller
            peak = max(peak, process.memory_info().rss)
        run.stdout.read()
    return Figure("controller process, resident", peak / 1e6, "MB", MEMORY_TARGET_MB, note="peak while a session runs")


def _start_s() -> float:
    """Seconds from the start of ``righting --help`` to its end."""
    begin_s = perf_counter()
    subprocess.run([COMMAND, "--help"], check=True, stdout=subprocess.DEVNULL, timeout=60)
    return perf_counter() - begin_s
