"""The control loop itself, before a simulated board whose bytes come in pieces."""

from typing import Final

from firmware_host.control.loop import FramePacedClock, Loop, Requests
from firmware_host.control.ticks import Event, TickOutput
from tests.firmware_host.lockstep import Lockstep

PIECE_BYTES: Final = 7
TICKS: Final = 60


class InPieces:
    """A port that gives some bytes at a time, and asks the board for more when there are none left."""

    def __init__(self, table: Lockstep) -> None:
        self._board = table.board
        self._left = b""

    def open(self) -> None:
        """It is."""

    def close(self) -> None:
        """Nothing to close."""

    def wait(self, timeout_s: float) -> None:
        """Something is always there."""

    def read(self) -> bytes:
        self._left = self._left or self._board.advance(0.01)
        piece, self._left = self._left[:PIECE_BYTES], self._left[PIECE_BYTES:]
        return piece

    def write(self, data: bytes) -> None:
        self._board.receive(data)

    def poll(self, now_s: float) -> bool:  # noqa: ARG002 - the port never vanishes
        return False


def test_every_tick_is_looked_at_once_however_the_bytes_come() -> None:
    """What is looked at again would be told again: events, and how late the tick was."""
    table = Lockstep()
    loop = Loop(table.host, InPieces(table), Requests(), FramePacedClock())
    seen: list[TickOutput] = []
    events: list[Event] = []

    def look(output: TickOutput) -> bool:
        seen.append(output)
        events.extend(output.events)
        return len(seen) == TICKS

    loop.run(look)
    assert table.host.ticks == len(seen) == len(loop.lateness_s)
    assert events
    assert len(set(events)) == len(events)
