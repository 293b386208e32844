"""What the program costs before it does anything: the time until ``righting --help`` has answered."""

import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

from benchmarks.figure import Comparison, Figure

COMMAND: Final = Path(sys.executable).with_name("righting")
HELP_TARGET_S: Final = 0.4


def measure(short: bool) -> list[Figure]:
    """Start the command a few times; the first start, which may compile, is not counted."""
    starts = 3 if short else 15
    _start_s()
    taken_s = [_start_s() for _ in range(starts)]
    note = f"median of {starts} starts, {min(taken_s):.2f} to {max(taken_s):.2f} s"
    return [Figure("start of righting --help", median(taken_s), "s", HELP_TARGET_S, Comparison.AT_MOST, note)]


def _start_s() -> float:
    """Seconds from the start of ``righting --help`` to its end."""
    begin_s = perf_counter()
    subprocess.run([COMMAND, "--help"], check=True, stdout=subprocess.DEVNULL, timeout=60)
    return perf_counter() - begin_s
