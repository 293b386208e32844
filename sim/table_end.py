"""What stands at the table's end of the line: the table board, or devices from a shop."""

from typing import Protocol

from sim.table import SimulatedTable


class TableEnd(Protocol):
    """The part of ``sim.board.VirtualBoard`` and ``sim.rig.Rig`` that bench, faults and the real-time process use."""

    @property
    def table(self) -> SimulatedTable:
        """The table with its rider."""
        ...

    @property
    def lines(self) -> int:
        """How many serial lines share its stream as the chunks of ``drivers.line_chunks``; 0: the bytes are plain."""
        ...

    @property
    def serial(self) -> int:
        """The serial number that it answers with."""
        ...

    @property
    def buzzes(self) -> bool:
        """Tell whether its buzzer sounds."""
        ...

    def receive(self, data: bytes) -> None:
        """Take bytes from the host. Never raises."""
        ...

    def advance(self, duration_s: float) -> bytes:
        """Let time pass; give the bytes sent meanwhile."""
        ...

    def reboot(self) -> None:
        """Lose all memory, as after a power cut."""
        ...

    def swap(self, serial: int) -> None:
        """Put another one of the same make in its place, which has just started."""
        ...
