"""Several ports as one: chunks in and out, each on its own line, and a port that comes back tells its device alone."""

import os
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.line_chunks import join, split
from drivers.port import REOPEN_PERIOD_S, PortError, SerialPort
from drivers.ports import Ports


@pytest.fixture
def masters() -> Iterator[list[tuple[int, str]]]:
    """Two virtual lines: the far end's descriptor and the near end's name."""
    pairs = [os.openpty() for _ in range(2)]
    for _, slave in pairs:
        tty.setraw(slave)
    yield [(master, os.ttyname(slave)) for master, slave in pairs]
    for master, slave in pairs:
        os.close(master)
        os.close(slave)


def test_bytes_of_each_line_are_a_chunk_of_their_own(masters: list[tuple[int, str]]) -> None:
    ports = Ports([SerialPort(name, 115200) for _, name in masters])
    ports.open()
    assert ports.read() == b""
    os.write(masters[1][0], b"angle")
    ports.wait(1.0)
    assert split(ports.read(), 2) == [(1, b"angle")]
    ports.write(join([b"order", b"setting"]))
    assert os.read(masters[0][0], 100) == b"order"
    assert os.read(masters[1][0], 100) == b"setting"
    assert not ports.poll(0.0)
    ports.close()


def test_a_port_that_cannot_be_opened_is_said(masters: list[tuple[int, str]], tmp_path: Path) -> None:
    ports = Ports([SerialPort(masters[0][1], 115200), SerialPort(str(tmp_path / "none"), 115200)])
    with pytest.raises(PortError, match="there is no such port"):
        ports.open()
    ports.close()


def test_a_port_that_came_back_tells_its_number(masters: list[tuple[int, str]]) -> None:
    lines = [SerialPort(name, 115200) for _, name in masters]
    ports = Ports(lines)
    told: list[int] = []
    ports.open()
    lines[1].close()
    ports.wait(0.001)  # the one that is left can still be waited for
    assert not ports.poll(10.0)  # nobody listens yet
    lines[1].close()
    ports.reopened = told.append
    assert not ports.poll(10.0 + 2.0 * REOPEN_PERIOD_S)
    assert told == [1]
    ports.close()
