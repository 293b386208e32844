"""What a drive and the devices beside it can do, as data: what the safety layer asks before anybody is inverted."""

from typing import Final, NamedTuple

from safety.signals import ANKLE_LATCH, HAND_SWITCH, Equipment, Input

LEAST_BAUD, MOST_BAUD = 9600, 4_000_000
"""Of any line, whatever is on it."""
_PAIRS: Final = (
    (Equipment.HAND_SWITCH, HAND_SWITCH.mask),
    (Equipment.ANKLE_LATCH, ANKLE_LATCH.mask),
    (Equipment.UPRIGHT_SWITCH, Input.UPRIGHT_SWITCH),
)


class Capabilities(NamedTuple):
    """What one device, or several together, can do for a table."""

    name: str
    """What it is called in messages."""
    motor_angle: bool = False
    """Measures the angle on the motor's side."""
    table_angle: bool = False
    """Measures the angle of the table itself."""
    timeout_s: float | None = None
    """The time without an order after which it stops by itself, as read back from it; None: it goes on for ever."""
    brake: bool = False
    """A brake that closes without power hangs on it, or on its supply."""
    self_locking: bool = False
    """The load cannot turn the gear."""
    sto: bool = False
    """The emergency-stop chain cuts the torque in hardware, without this software."""
    returns_by_itself: bool = False
    """Brings the rider upright when the host is dead. Without it, it stops and holds."""
    own_limits: bool = False
    """Keeps to limits of angle by itself, whatever it is told."""
    contacts: int = 0
    """Bits of ``safety.signals.Input`` that it reads."""
    current: bool = False
    """Measures the motor's current, which shows an obstruction and a rider who is set up wrong."""
    torque_limit: bool = False
    """Takes a torque limit with each order."""
    cuts_torque: bool = False
    """Torque off takes the enable away from the power stage: one that ignores every order stops too. Without it, only
    the contactor of the emergency-stop chain does that."""
    checks_encoder: bool = False
    """Has a second witness for its motor-side angle, and turns the table as told without it. Without one, the motor
    turns as it likes where that angle lies still or backward, and not at all where it is gone."""
    slows_alone: bool = False
    """When it hears nothing it slows down before it lets its motor go. Without it, a brake stops a turning table by its
    springs."""
    knows_old_orders: bool = False
    """Tells a new order from one that it was given before. Without it, a line that stores what it carries and
    repeats it moves the table, and keeps the timeout from running out."""

    @property
    def holds(self) -> bool:
        """Something holds the table when the torque is off."""
        return self.brake or self.self_locking

    @property
    def equipment(self) -> int:
        """The same as bits of ``Equipment``, by which the safety layer judges."""
        found = (
            (Equipment.MOTOR_ANGLE if self.motor_angle else 0)
            | (Equipment.TABLE_ANGLE if self.table_angle else 0)
            | (Equipment.TIMEOUT if self.timeout_s else 0)
            | (Equipment.HOLDING if self.holds else 0)
            | (Equipment.STOP_CHAIN if self.sto and self.contacts & Input.ESTOP_CHAIN else 0)
        )
        for bit, contacts in _PAIRS:
            if self.contacts & contacts == contacts:
                found |= bit
        return found

    def beside(self, other: "Capabilities") -> "Capabilities":
        """What both can do together; the timeout is the drive's, which this is."""
        return self._replace(
            motor_angle=self.motor_angle or other.motor_angle,
            table_angle=self.table_angle or other.table_angle,
            brake=self.brake or other.brake,
            sto=self.sto or other.sto,
            contacts=self.contacts | other.contacts,
        )


TABLE_BOARD: Final = Capabilities(
    "table board",
    motor_angle=True,
    table_angle=True,
    brake=True,
    sto=True,
    returns_by_itself=True,
    own_limits=True,
    contacts=Input.UPRIGHT_SWITCH | Input.INVERTED_SWITCH | Input.ESTOP_CHAIN | HAND_SWITCH.mask | ANKLE_LATCH.mask,
    current=True,
    torque_limit=True,
    cuts_torque=True,
    checks_encoder=True,
    slows_alone=True,
    knows_old_orders=True,
)
"""What ``docs/protocol.md`` asks of every table board."""

DRIVES: Final = {
    "roboclaw": Capabilities(
        "RoboClaw",
        motor_angle=True,
        contacts=Input.ESTOP_CHAIN,
        current=True,
        torque_limit=True,
        cuts_torque=False,  # its torque off is a bridge that shorts the motor: its enable stays
        slows_alone=True,
    ),
    "vesc": Capabilities(
        "VESC",
        motor_angle=True,
        current=True,
        torque_limit=False,
        cuts_torque=True,
        slows_alone=True,
    ),
    "odrive": Capabilities(
        "ODrive",
        motor_angle=True,
        contacts=Input.ESTOP_CHAIN,
        current=True,
        torque_limit=True,
        cuts_torque=True,
        slows_alone=False,  # its timeout takes the torque away, whatever turns
    ),
    "servo": Capabilities(
        "CiA 402 servo",
        motor_angle=True,
        current=True,
        torque_limit=True,
        cuts_torque=True,
        slows_alone=True,
    ),
}
"""What each kind of drive from a shop can do by itself; brake, gear and stop chain are what the table's builder states,
and the timeout is read back from the drive."""
