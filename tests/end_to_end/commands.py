"""The real command in processes of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from firmware_host.cli.bench import run_session
from firmware_host.cli.sessions import load_session
from sim.faults import parse

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PROGRAM = EXAMPLES / "programs" / "intermittent-40.toml"
REGULAR = EXAMPLES / "riders" / "regular.toml"
LONGEST_S = 300.0
"""Only a hang takes so long."""


def short(to_deg: float, hold_s: float) -> str:
    """A program as short as one may be that goes out, holds and comes back."""
    return (
        'name = "Short"\n[motion]\nrate_dps = 3\nrest_at_flat_s = 10\n'
        f'[[step]]\ndo = "go"\nto_deg = {to_deg:g}\n[[step]]\ndo = "hold"\nfor_s = {hold_s:g}\n'
    )


SHORT = short(30.0, 8.0)
"""On the way out until 37 s, then holding until 45 s, at horizontal from 56 s to 66 s, then on to upright."""


def headless(arguments: tuple[str | Path, ...]) -> tuple[str | Path, ...]:
    """The terminal alone: the panel has tests of its own."""
    return (arguments[0], "--headless", *arguments[1:]) if arguments[0] == "run" else arguments


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "firmware_host", *(str(argument) for argument in arguments)]


def righting(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command(*headless(arguments)),
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        cwd=cwd,
        env=environment(),
        check=False,
    )


@contextmanager
def process(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A command under way; ended by its id if the test leaves it running."""
    with subprocess.Popen(
        command(*headless(arguments)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        text=True, env=environment(), preexec_fn=_hears_its_terminal,
    ) as started:  # fmt: skip
        try:
            yield started
        finally:
            if started.poll() is None:
                started.kill()


def _hears_its_terminal() -> None:
    """In the command, before it starts: what nohup said to the tests is not said to what they test."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def environment() -> dict[str, str]:
    """The environment of a user in a checkout, wherever the command is started."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "140", "NO_COLOR": "1"}


def bench(
    records: Path | None,
    *faults: str,
    program: Path = PROGRAM,
    rider: Path = REGULAR,
    table: Path | None = None,
    seed: int = 1,
) -> dict[str, Any]:
    """Do what ``righting bench`` does, in this process; gives what it prints for machines.

    Without ``records`` nobody reads the black box, and there is none.
    """
    session = load_session(program, rider, table)
    found: dict[str, Any] = json.loads(
        json.dumps(run_session(session, [parse(fault) for fault in faults], seed, records))
    )
    return found
