"""What differs from make to make of drives that answer: the ``Dialogue``, and the data that go into it and out of it.

A ``Dialogue`` makes the bytes of an ``Order`` and a ``Reading`` of the answer. Who calls it, and when, is
``drivers.polled``; which order a command becomes is ``drivers.orders``.
"""

from typing import Final, NamedTuple, Protocol

from drivers.capabilities import Capabilities
from safety.signals import BOARD_WATCHDOG_S

LONGEST_TIMEOUT_S: Final = BOARD_WATCHDOG_S
"""A drive follows an order whose host is dead no longer than a board does."""

STAND_DPS2: Final = 8.0


class DriveSetup(NamedTuple):
    """What the builder of a table says of the drive; lengths of the table in degrees, everything else the drive's."""

    scale: float
    """The drive's units of position in a degree of the table."""
    direction: int
    """1: counts up toward inversion; -1: down."""
    zero_deg: float | None
    """Table angle at the drive's position 0; None for a drive that counts from where it was switched on."""
    current_a: float
    """The motor's rated current."""
    upright_deg: float
    inverted_limit_deg: float
    max_rate_dps: float
    capabilities: Capabilities
    timeout_s: float = 0.2
    """The drive's timeout that is set, or asked for where it can only be read."""
    address: int = 0
    serial: int | None = None
    """Stands in for the drive's own serial number: that of a simulator, on which nobody lies."""


class Order(NamedTuple):
    """What an exchange tells the motor, as ``drivers.orders`` makes it of a ``SafeCommand``."""

    torque: bool
    """False: torque off; then the rest counts for nothing."""
    rate_dps: float
    accel_dps2: float
    current_a: float
    clear_faults: bool
    """Get rid of what the drive latched: the operator acknowledged, or a motion begins."""


STAND: Final = Order(False, 0.0, STAND_DPS2, 0.0, False)


class Reading(NamedTuple):
    """What one exchange measured."""

    position: float | None
    """In the drive's units, as it counts."""
    rate_dps: float | None
    current_a: float | None
    """Positive when the motor drives toward inversion."""
    bus_v: float | None
    drive_temperature_c: float | None
    motor_temperature_c: float | None
    faults: int
    torque_on: bool
    """The drive says, or nothing speaks against it, that its power stage is on."""
    inputs: int = 0
    refused: bool = False
    """The drive did not take the order."""
    timed_out: bool = False
    """The drive says that its timeout ran out."""


class Dialogue(Protocol):
    """What to say to one make of drive. Owns no port, reads no clock, never raises whatever bytes come."""

    @property
    def identity(self) -> tuple[int, tuple[int, int, int]]:
        """Serial number and firmware version, as far as the drive tells them."""
        ...

    @property
    def timeout_s(self) -> float | None:
        """The drive's timeout as it was read back; None: not known, or none."""
        ...

    @property
    def problem(self) -> str | None:
        """Why there is no session, and what to do."""
        ...

    @property
    def frames(self) -> int:
        """Answers that were right."""
        ...

    @property
    def corrupted(self) -> int:
        """Answers that were wrong."""
        ...

    @property
    def identified(self) -> bool:
        """All that has to be known and set before a session is."""
        ...

    @property
    def was_reset(self) -> bool:
        """The drive forgot what it was told: it was off, or another one is there."""
        ...

    def begin(self) -> None:
        """Forget the drive; identify it anew."""
        ...

    def ask(self, order: Order) -> bytes:
        """Give the next request: a step of the identification until that is over, then an exchange with the order."""
        ...

    def feed(self, data: bytes) -> None:
        """Take bytes from the drive."""
        ...

    @property
    def waiting(self) -> bool:
        """Tell whether an answer is still to come."""
        ...

    def take(self) -> Reading | None:
        """Give what the exchange that just ended measured; None in the identification."""
        ...

    def more(self) -> bytes:
        """Give what is to be sent next within an exchange that takes several requests; empty while an answer is due."""
        ...

    def give_up(self) -> None:
        """Forget the request whose answer did not come."""
        ...
