"""Which serial ports there are, and what answers on each: for whoever sets a table up.

A port is opened for itself alone, so one that a session uses is left in peace. What is sent is a handshake, which moves
nothing; a board that obeyed a command a moment ago does not take it.
"""

import secrets
import time
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from drivers.board import HostLink
from drivers.port import PortError, SerialPort, list_ports
from safety.signals import BoardConfig

LISTEN_S: Final = 1.2
"""A board answers a handshake within a tenth of it; the rest is for adapters that wake up slowly."""
STEP_S: Final = 0.02
_NONCES: Final = 1 << 32


class PortAnswer(NamedTuple):
    """A port and what was found there."""

    device: str
    description: str
    answer: str
    """In words."""
    board: BoardConfig | None
    """None where no table board answered."""


def survey(
    ports: Iterable[tuple[str, str]] | None = None,
    in_use: str | None = None,
    baud: int = 115200,
    clock: Callable[[], float] = time.monotonic,
) -> list[PortAnswer]:
    """Ask on every port who is there; takes up to a second and a bit for each that is silent.

    Args:
        ports: name and description; None takes those of this machine.
        in_use: the port of the running session, which is not touched.
        baud: the rate to listen at.
        clock: seconds that only rise.
    """
    found = list_ports() if ports is None else ports
    return [
        PortAnswer(device, description, "in use by this session", None)
        if device == in_use
        else _ask(device, description, baud, clock)
        for device, description in found
    ]


def _ask(device: str, description: str, baud: int, clock: Callable[[], float]) -> PortAnswer:
    port = SerialPort(device, baud)
    try:
        port.open()
    except PortError as error:
        return PortAnswer(device, description, str(error).removeprefix(f"{device}: "), None)
    try:
        link = HostLink(lambda: secrets.randbelow(_NONCES))
        ends_s = clock() + LISTEN_S
        while link.config is None and (now_s := clock()) < ends_s:
            link.receive(port.read(), now_s)
            port.write(link.transmit(None, now_s))
            port.wait(STEP_S)
        return PortAnswer(device, description, _words(link), link.config)
    finally:
        port.close()


def _words(link: HostLink) -> str:
    board = link.config
    if board is None:
        return link.problem or "nothing answers; is the table switched on, and is this its port?"
    kind = "the simulated table" if board.simulated else "a table board"
    return f"{kind}, serial {board.serial}, firmware {'.'.join(map(str, board.firmware))}"
