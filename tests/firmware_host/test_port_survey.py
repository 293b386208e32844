"""Asking on real (virtual) ports who is there."""

import os
import threading
import tty
from collections.abc import Iterator
from contextlib import closing

import pytest

from drivers.port import SerialPort
from firmware_host.cli.virtual import make_board
from firmware_host.files.riders import load_rider
from firmware_host.files.tables import load_table
from firmware_host.port_survey import survey
from sim.realtime import FaultyTable, PtyLine, run_on


@pytest.fixture
def table_port() -> Iterator[str]:
    board = make_board(load_table(None), load_rider(None), seed=1, serial=1001)
    board.table.advance_ms(0)
    stopping = threading.Event()
    with closing(PtyLine()) as line:
        thread = threading.Thread(target=run_on, args=(line, FaultyTable(board, [], 1), 1.0, stopping.is_set))
        thread.start()
        yield line.name
        stopping.set()
        thread.join()


@pytest.fixture
def silent_port() -> Iterator[str]:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    yield os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


@pytest.mark.realtime
def test_a_table_is_found_beside_what_is_none(table_port: str, silent_port: str) -> None:
    found = survey([(table_port, "adapter"), (silent_port, ""), ("/dev/no-such-port", "")])
    table, silent, gone = found
    assert (table.device, table.description) == (table_port, "adapter")
    assert table.answer == "a table board, serial 1001, firmware 1.0.0"
    assert table.board is not None
    assert (silent.board, "nothing answers" in silent.answer) == (None, True)
    assert (gone.board, "no such port" in gone.answer) == (None, True)


@pytest.mark.realtime
def test_a_port_in_use_is_left_in_peace(table_port: str, silent_port: str) -> None:
    assert survey([(table_port, "")], in_use=table_port)[0].answer == "in use by this session"
    other = SerialPort(silent_port, 115200)
    other.open()
    try:
        assert "another program uses it" in survey([(silent_port, "")])[0].answer
    finally:
        other.close()
