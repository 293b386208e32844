"""What a device's capabilities do not promise, in words: what then has to be built in hardware."""

from typing import Final

from drivers.capabilities import Capabilities

MISSING: Final = {
    "returns_by_itself": (
        "to bring the rider upright when the host is dead",
        "an off-delay relay that a live host keeps energised and that sounds a buzzer, and a manual brake release "
        "within reach of somebody who is always there",
    ),
    "own_limits": (
        "to keep to limits of angle by itself",
        "a switch at the inverted end that takes the torque toward inversion away, and a mechanical stop behind it",
    ),
    "timeout_s": ("to stop when it hears no order", "a relay that a live host keeps energised, in the motor's supply"),
    "holds": ("to hold the table without torque", "a brake that closes without power, or a self-locking gear"),
    "sto": (
        "to lose its torque by the emergency-stop chain",
        "a contactor of the emergency-stop chain in the motor's supply and in the brake's",
    ),
    "cuts_torque": (
        "to stop a power stage that ignores its orders",
        "a contactor of the emergency-stop chain in the motor's supply, and somebody beside it who presses",
    ),
    "checks_encoder": (
        "to bring the rider upright when its own encoder fails",
        "a manual brake release within reach of somebody who is always there",
    ),
    "slows_alone": (
        "to slow down before it lets its motor go when it hears no order",
        "a brake that closes softly, if the stop by its springs shakes the rider",
    ),
    "knows_old_orders": (
        "to tell an old order from a new one, where the line repeats it",
        "a cable from the host to the drive with nothing between that stores what passes, and a contactor of the "
        "emergency-stop chain in the motor's supply",
    ),
    "motor_angle": ("to measure the angle on the motor's side", "an encoder on the motor"),
    "table_angle": ("to measure the table's own angle", "an inclinometer on the table"),
    "contacts": ("to read the contacts", "an input module for hand switch, ankle latch, chain and limit switches"),
}
"""Field of ``Capabilities`` to what is missing without it, and what has to stand in."""


def lacks(capabilities: Capabilities, promise: str) -> str:
    """Say that a promise is not made, and what to build; empty if it is made. Raises ``KeyError`` for another name."""
    what, build = MISSING[promise]
    if getattr(capabilities, promise):
        return ""
    return f"not promised by this drive ({capabilities.name}): {what}; must be built in hardware: {build}"
