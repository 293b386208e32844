"""From files to a session that may begin, shared by the commands."""

import os
import sys
from importlib.resources import files
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table as Grid

from firmware_host.control.controller import Controller
from firmware_host.day import now
from firmware_host.files.programs import load_program
from firmware_host.files.riders import load_rider
from firmware_host.files.tables import load_table
from firmware_host.files.validation import Session, prepare

REFUSED: Final = 2
EXIT_CODES: Final = {"completed": 0, "refused": REFUSED, "returned": 3, "emergency_returned": 4, "stopped": 5}
"""What each outcome of a session exits with."""


def demonstration() -> Path:
    """The program that runs when none is named."""
    return Path(str(files("firmware_host") / "demonstration.toml"))


def load_session(program: Path | None, rider: Path | None, table: Path | None) -> Session:
    """Load the files and make the session's plan. Raises ``toml_source.FileError`` with all that is wrong."""
    return prepare(load_table(table), load_rider(rider), load_program(program or demonstration()), now())


def make_controller(session: Session) -> Controller:
    """Make the controller of a session."""
    table = session.table
    return Controller(
        session.plan, session.limits, table.limits, table.file.table.hand_switch, screened=not session.unscreened
    )


def complain(error: Exception) -> int:
    """Say what is wrong on standard error; gives the exit code."""
    print(f"righting: {error}", file=sys.stderr)
    return REFUSED


def print_grid(grid: Grid) -> None:
    """Print a table on standard output, as wide as the terminal; elsewhere as wide as COLUMNS says."""
    Console(width=None if sys.stdout.isatty() else int(os.environ.get("COLUMNS", "140"))).print(grid)


def write_json(target: str, text: str) -> None:
    """Write JSON to a file, or with ``-`` to standard output. Raises ``OSError``."""
    if target == "-":
        print(text)
    else:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).write_text(text + "\n", encoding="utf-8")
