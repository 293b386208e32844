"""The whole stack: a simulated board on a virtual port, and the command with its panel. The browser comes to it."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

from firmware_host.cli.virtual import make_board
from firmware_host.files.riders import load_rider
from firmware_host.files.tables import load_table
from sim.board import VirtualBoard
from sim.faults import Fault, parse
from sim.realtime import FaultyTable, PtyLine, run_on
from sim.table import Truth
from tests.end_to_end.commands import PROGRAM, REGULAR, command, environment
from tests.waiting import LONGEST_S


class Stack(NamedTuple):
    """What a test has in its hands."""

    run: subprocess.Popen[str]
    url: str
    truth: Callable[[], Truth]
    """Of the table, from the physics."""

    def panels(self) -> list[int]:
        """Ids of the panel's processes that live: one, but for a moment after it died."""
        return [child.pid for child in psutil.Process(self.run.pid).children() if _is_panel(child)]


def _is_panel(child: psutil.Process) -> bool:
    """Whether it is one and lives; it may end between two looks."""
    try:
        return child.status() != psutil.STATUS_ZOMBIE and "firmware_host.panel" in child.cmdline()
    except psutil.NoSuchProcess:
        return False


MakeTable = Callable[[VirtualBoard, list[Fault], int], FaultyTable]


@contextmanager
def running(
    records: Path,
    faults: Sequence[str] = (),
    make_table: MakeTable = FaultyTable,
    options: Sequence[str | Path] = (),
    program: Path = PROGRAM,
) -> Iterator[Stack]:
    """Start board and command; end both, and see that the panel ends with its controller.

    ``options`` are further ones of the command.
    """
    board = make_board(load_table(None), load_rider(REGULAR), seed=1)
    board.table.advance_ms(0)
    stopping = threading.Event()
    with closing(PtyLine()) as line:
        table = make_table(board, [parse(fault) for fault in faults], 1)
        thread = threading.Thread(target=run_on, args=(line, table, 1.0, stopping.is_set))
        thread.start()
        with subprocess.Popen(
            command("run", program, "--rider", REGULAR, "--port", line.name, "--plain", "--records", records, *options),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
            env=environment(),
        ) as run:  # fmt: skip
            try:
                yield Stack(run, _address(run), board.table.truth)
            finally:
                children = psutil.Process(run.pid).children()
                for child in children:
                    if child.status() == psutil.STATUS_STOPPED:
                        os.kill(child.pid, signal.SIGCONT)
                run.kill()
                run.wait()
                stopping.set()
                thread.join()
        _, alive = psutil.wait_procs(children, timeout=LONGEST_S)
        assert not alive, "the panel ends with its controller"


def _address(run: subprocess.Popen[str]) -> str:
    assert run.stdout is not None
    told = []
    for text in run.stdout:
        told.append(text)
        if "Operator panel:" in text:
            threading.Thread(target=run.stdout.read, daemon=True).start()  # or the pipe fills up
            return text.split()[-1]
    raise AssertionError("".join(told))
