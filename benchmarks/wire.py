"""The serial path: a round trip through a virtual port and our port class, against a bare echo on the same line."""

import os
import select
import statistics
import threading
import time
import tty
from collections.abc import Callable
from typing import Final

from benchmarks.figure import Figure
from drivers.port import SerialPort

TARGET: Final = 1.5
FRAME: Final = bytes(range(1, 47))


class _Echo(threading.Thread):
    """Gives back what comes, on the far end of a virtual port."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.name_of_port = os.ttyname(self._slave)
        self.ending = False

    def run(self) -> None:
        """Echo until told to end."""
        while not self.ending:
            ready, _, _ = select.select([self._master], [], [], 0.2)
            if ready:
                os.write(self._master, os.read(self._master, 4096))

    def close(self) -> None:
        """End, and take the port away."""
        self.ending = True
        self.join()
        os.close(self._master)
        os.close(self._slave)


def measure(short: bool) -> list[Figure]:
    """Alternate between the two, a block of round trips at a time, so that both see the same machine."""
    echo = _Echo()
    echo.start()
    bare = os.open(echo.name_of_port, os.O_RDWR | os.O_NOCTTY)
    port = SerialPort(echo.name_of_port, 115200)
    port.open()
    blocks = 20 if short else 100
    try:
        ours: list[float] = []
        theirs: list[float] = []
        for _ in range(blocks):
            theirs += _times(lambda: _bare_trip(bare))
            ours += _times(lambda: _port_trip(port))
    finally:
        port.close()
        os.close(bare)
        echo.close()
    our_us, their_us = (statistics.median(times) * 1e6 for times in (ours, theirs))
    note = f"medians of {len(ours):,}: {our_us:.0f} us against {their_us:.0f} us bare"
    return [Figure("round trip over a bare echo", our_us / their_us, "x", TARGET, note=note)]


def _times(trip: Callable[[], None]) -> list[float]:
    found = []
    for _ in range(50):
        begun_s = time.perf_counter()
        trip()
        found.append(time.perf_counter() - begun_s)
    return found


def _bare_trip(fd: int) -> None:
    os.write(fd, FRAME)
    left = len(FRAME)
    while left:
        left -= len(os.read(fd, 4096))


def _port_trip(port: SerialPort) -> None:
    port.write(FRAME)
    left = len(FRAME)
    while left:
        port.wait(1.0)
        left -= len(port.read())
