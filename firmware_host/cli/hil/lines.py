"""Time and bytes between a link and a table: in lock-step with a simulated one, or through ports in real time."""

import select
import time
from typing import Final, NamedTuple, Protocol

from drivers.link import Link, Port
from firmware_host.devices import attach
from sim.faults import CATALOGUE
from sim.faults.world import World
from sim.line import Line
from sim.lockstep import CLOCK_START_S, PERIOD_MS, PERIOD_S
from sim.table_end import TableEnd

_CABLE: Final = CATALOGUE["cable-out"]


class Heard(NamedTuple):
    """What a tick begins with."""

    data: bytes
    now_s: float
    lateness_s: float


class TargetLine(Protocol):
    """The way to a table."""

    def attach(self, link: Link) -> None:
        """Serve this link from now on."""
        ...

    def hear(self) -> Heard:
        """Wait for the next tick, and give what arrived."""
        ...

    def send(self, data: bytes) -> None:
        """Send, without waiting."""
        ...

    def unplug(self) -> None:
        """Take the cable out, at the host's end."""
        ...

    def plug(self) -> None:
        """Put it in again; the link is told as soon as its port is there."""
        ...

    def close(self) -> None:
        """Let go of the table."""
        ...


class LockstepLine:
    """A simulated table in this process, which owns time: a tick is a hundredth of a second, however long it takes."""

    def __init__(self, table_end: TableEnd, seed: int, clock_ppm: float = 0.0) -> None:
        """``clock_ppm`` is how much faster the host's clock runs than the table's, in millionths."""
        self._table_end = table_end
        self._line = Line(seed, table_end.lines)
        self.world = World(table_end, self._line)
        self._period_s = PERIOD_S * (1.0 + clock_ppm * 1e-6)
        self._ticks = 0
        self._link: Link | None = None
        self._returned = False

    def attach(self, link: Link) -> None:
        """Serve this link from now on."""
        self._link = link

    def hear(self) -> Heard:
        """Let a hundredth of a second pass."""
        data = self._line.to_host.carry(self._table_end.advance(PERIOD_S), self._ticks * PERIOD_MS)
        self._ticks += 1
        if self._returned and self._link is not None:
            self._returned = False
            self._link.reset()
        return Heard(data, CLOCK_START_S + self._ticks * self._period_s, 0.0)

    def send(self, data: bytes) -> None:
        """Send, without waiting."""
        arrived = self._line.to_board.carry(data, self._ticks * PERIOD_MS)
        if arrived:
            self._table_end.receive(arrived)

    def unplug(self) -> None:
        """Take the cable out."""
        _CABLE.begin(self.world, 0.0)

    def plug(self) -> None:
        """Put it in again."""
        assert _CABLE.end is not None
        _CABLE.end(self.world)
        self._returned = True

    def close(self) -> None:
        """Nothing is held."""


class PortLine:
    """Ports in real time: a virtual table's, or real ones."""

    def __init__(self, port: Port) -> None:
        """Open them. Raises ``drivers.port.PortError``."""
        self._port = port
        self._link: Link | None = None
        self._plugged = True
        self._last_s = time.monotonic()
        port.open()

    def attach(self, link: Link) -> None:
        """Serve this link from now on."""
        self._link = link
        attach(self._port, link)

    def hear(self) -> Heard:
        """Wait as the control loop does, and give what arrived."""
        link = self._link
        assert link is not None
        due_s = self._last_s + link.patience_s(self._last_s)
        left_s = due_s - time.monotonic()
        if left_s > 0.0:
            if self._plugged:
                self._port.wait(left_s)
            else:
                select.select([], [], [], left_s)
        data = self._port.read() if self._plugged else b""
        now_s = self._last_s = time.monotonic()
        if self._plugged and self._port.poll(now_s):
            link.reset()
        return Heard(data, now_s, max(now_s - due_s, 0.0))

    def send(self, data: bytes) -> None:
        """Send, without waiting."""
        if self._plugged:
            self._port.write(data)

    def unplug(self) -> None:
        """Close the ports: to the table it is the same as a cable that is out."""
        self._plugged = False
        self._port.close()

    def plug(self) -> None:
        """Let them be opened again, as the control loop does when a cable comes back."""
        self._plugged = True

    def close(self) -> None:
        """Let go of the table."""
        self._port.close()
