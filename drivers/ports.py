"""Several serial ports behind the interface of one, each of which comes back by itself."""

import select
from collections.abc import Callable, Sequence
from typing import Final

from drivers.line_chunks import join, split
from drivers.port import SerialPort

UNHEARD_S: Final = 0.002
"""How long bytes may lie on a port that cannot be waited for."""


class Ports:
    """The ports of a ``drivers.composite.CompositeLink``; their bytes are the chunks of ``drivers.line_chunks``."""

    def __init__(self, ports: Sequence[SerialPort]) -> None:
        self._ports = tuple(ports)
        self.reopened: Callable[[int], None] = _nobody
        """Told the number of each port that came back."""

    def open(self) -> None:
        """Open all of them. Raises ``drivers.port.PortError`` for the first that cannot be."""
        for port in self._ports:
            port.open()

    def close(self) -> None:
        """Close all of them."""
        for port in self._ports:
            port.close()

    def wait(self, timeout_s: float) -> None:
        """Wait until bytes are there on any of them, at most ``timeout_s``."""
        numbers = [number for number in (port.fileno() for port in self._ports) if number is not None]
        missing = len(numbers) < len(self._ports)
        # A port without a descriptor (rfc2217://) tells nothing: look at it every now and then.
        timeout_s = min(timeout_s, UNHEARD_S) if missing else timeout_s
        try:
            select.select(numbers, [], [], timeout_s)
        except (OSError, ValueError):
            select.select([], [], [], min(timeout_s, UNHEARD_S))

    def read(self) -> bytes:
        """Give what is there on each, as chunks."""
        return join([port.read() for port in self._ports])

    def write(self, data: bytes) -> None:
        """Send each chunk on its port, without waiting."""
        parts = dict(split(data, len(self._ports)))
        for line, port in enumerate(self._ports):
            port.write(parts.get(line, b""))

    def poll(self, now_s: float) -> bool:
        """Reopen what vanished, now and then. Only its own device begins anew: always False."""
        for line, port in enumerate(self._ports):
            if port.poll(now_s):
                self.reopened(line)
        return False


def _nobody(line: int) -> None:
    """Nobody wants to know."""
