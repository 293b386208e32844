"""What the host needs of a link to a table, whatever hangs at its other end."""

from typing import Protocol

from drivers.capabilities import Capabilities
from drivers.health import LinkHealth
from safety.signals import BoardConfig, SafeCommand, Telemetry


class Link(Protocol):
    """The interface of ``drivers.board.HostLink``, ``drivers.polled.PolledDrive`` and ``drivers.composite``."""

    @property
    def config(self) -> BoardConfig | None:
        """The board or drive of the present session; None while there is none."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What the table's end can do; its timeout as it was read back in this session."""
        ...

    @property
    def health(self) -> LinkHealth:
        """What became of the frames."""
        ...

    @property
    def problem(self) -> str | None:
        """Say what is wrong, and what to do; None if nothing is, as far as is known."""
        ...

    def receive(self, data: bytes, now_s: float) -> list[Telemetry]:
        """Take bytes; give the telemetry in them that may be believed, in order. Never raises."""
        ...

    def transmit(self, command: SafeCommand | None, now_s: float) -> bytes:
        """Give the bytes to send in this tick."""
        ...

    def patience_s(self, now_s: float) -> float:
        """How long a loop may wait for bytes before it has to look here again."""
        ...

    def reset(self) -> None:
        """Begin anew on a port that was opened again."""
        ...


class Port(Protocol):
    """The interface of ``drivers.port.SerialPort`` and ``drivers.ports.Ports``."""

    def open(self) -> None:
        """Open it. Raises ``drivers.port.PortError``."""
        ...

    def close(self) -> None:
        """Close it."""
        ...

    def wait(self, timeout_s: float) -> None:
        """Wait until bytes are there, at most ``timeout_s``."""
        ...

    def read(self) -> bytes:
        """Give all bytes that are there; empty if there are none."""
        ...

    def write(self, data: bytes) -> None:
        """Send bytes without waiting."""
        ...

    def poll(self, now_s: float) -> bool:
        """Reopen what vanished, now and then; True if the whole link has to begin anew."""
        ...
