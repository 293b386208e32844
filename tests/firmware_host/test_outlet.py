"""What `righting run` writes waits for nobody: a full pipe, a terminal that is held, and an end that is gone."""

import fcntl
import os
import termios
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware_host.cli.outlet import MOST_WAITING, Outlet
from tests.waiting import LONGEST_S

LINE = "12.3 deg/s\n"
SMALL = 4096
"""Bytes: the smallest pipe that the system makes."""


def finishes(write: Callable[[], object]) -> bool:
    """Whether it comes to its end."""
    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    thread.join(LONGEST_S)
    return not thread.is_alive()


def until(descriptor: int, wanted: str) -> str:
    """What comes, up to this."""
    data = ""
    while wanted not in data:
        data += os.read(descriptor, 65536).decode(errors="replace")
    return data


def test_what_a_full_pipe_does_not_take_is_left_out_and_nobody_waits() -> None:
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, SMALL)
    with os.fdopen(read_end, "rb", buffering=0), os.fdopen(write_end, "w", encoding="utf-8") as stream:
        outlet = Outlet(stream)
        assert finishes(lambda: [outlet.write(LINE) for _ in range(3 * MOST_WAITING)])
        assert finishes(outlet.settle)
        assert finishes(lambda: outlet.write(LINE))
        assert not outlet.gone
        told = until(read_end, LINE * 300)
        outlet.write("again\n")
        told += until(read_end, "again\n")
        assert told.count(LINE) < 3 * MOST_WAITING


def test_a_terminal_that_is_held_holds_nobody() -> None:
    main, side = os.openpty()
    with os.fdopen(main, "rb", buffering=0), os.fdopen(side, "w", encoding="utf-8") as stream:
        outlet = Outlet(stream)
        assert outlet.isatty()
        termios.tcflow(side, termios.TCOOFF)  # as by Ctrl-S
        assert finishes(lambda: outlet.write(LINE * 100))
        assert finishes(outlet.settle)
        termios.tcflow(side, termios.TCOON)
        outlet.write("again\n")
        assert "12.3 deg/s" in until(main, "again")


def test_what_was_written_before_comes_first(tmp_path: Path) -> None:
    with (tmp_path / "told").open("w", encoding="utf-8") as stream:
        print("first", file=stream)
        outlet = Outlet(stream)
        outlet.write("second µ\n")
        outlet.settle()
    assert (tmp_path / "told").read_text(encoding="utf-8") == "first\nsecond µ\n"


@pytest.mark.parametrize("text", ["a line\n", "x" * 100_000])
def test_an_end_that_is_gone_is_noted_and_harms_nobody(text: str) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "w", encoding="utf-8") as stream:
        outlet = Outlet(stream)
        outlet.write(text)
        outlet.settle()
        assert outlet.gone
        outlet.write(text)
        outlet.settle()
