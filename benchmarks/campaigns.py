"""Campaigns as people run them: sessions that a core does, what a second worker adds, and memory that does not grow."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.figure import Comparison, Figure

SEED: Final = 7
SESSIONS: Final = 240
SHORT_SESSIONS: Final = 20
PART: Final = 4
"""Memory after so many times fewer sessions is compared with memory after all."""
SESSIONS_A_CORE_SECOND: Final = 3.0
A_CORE_SECOND: Final = "/core-s"
TWO_WORKERS: Final = 1.8
GROWTH_PERCENT: Final = 2.0


class Ran(NamedTuple):
    """A campaign that was run."""

    told: dict[str, Any]
    """What it wrote for machines."""
    wall_s: float
    peak_mb: float
    """Of its own process."""


def measure(short: bool) -> list[Figure]:
    """Run the same campaign on one process and on two, and a part of it on one."""
    sessions = SHORT_SESSIONS if short else SESSIONS
    part, one, two = _run(sessions // PART, 1), _run(sessions, 1), _run(sessions, 2)
    mean_s = one.told["simulated_s"] / sessions
    drawn = f"{sessions} sessions of seed {SEED}"
    return [
        Figure(
            "campaign, sessions of 90 s",
            one.told["sessions_of_90_s_per_core_second"],
            A_CORE_SECOND,
            SESSIONS_A_CORE_SECOND,
            Comparison.AT_LEAST,
            f"{drawn}, of {mean_s:.0f} s in the mean: {one.told['sessions_per_core_second']:.2f} of those",
        ),
        Figure(
            "campaign, two workers beside one",
            one.wall_s / two.wall_s,
            "times",
            TWO_WORKERS,
            Comparison.AT_LEAST,
            f"{drawn}, with starting up: {one.wall_s:.0f} s and {two.wall_s:.0f} s",
        ),
        Figure(
            "campaign, memory grown",
            100.0 * (one.peak_mb / part.peak_mb - 1.0),
            "%",
            GROWTH_PERCENT,
            note=f"{part.peak_mb:.0f} MB at most in {sessions // PART} sessions, {one.peak_mb:.0f} MB in {sessions}",
        ),
    ]


def _run(sessions: int, workers: int) -> Ran:
    """Run a campaign of ``SEED``. Raises ``CalledProcessError`` if it found a broken promise."""
    found = run_campaign(sessions, workers, SEED)
    if found.told["failures"]:
        raise subprocess.CalledProcessError(1, "campaign")
    return found


def run_campaign(
    sessions: int, workers: int, seed: int, words: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Ran:
    """Run a campaign in a process of its own, with more words or variables. Raises ``CalledProcessError``."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "campaign.json"
        # Not from the working folder, where the source is: what is imported is what this process imports.
        command = [sys.executable, "-P", "-m", "firmware_host", "campaign", "--sessions", str(sessions), *words]
        command += ["--seed", str(seed), "--workers", str(workers), "--resume", f"{folder}/shards", "--json", str(told)]
        begun_s = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.perf_counter() - begun_s
        if not told.is_file():  # one that found a broken promise wrote what it found
            raise subprocess.CalledProcessError(process.returncode, command)
        return Ran(json.loads(told.read_text()), wall_s, used.ru_maxrss / 1024.0)
