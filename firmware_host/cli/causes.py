"""Which monitors are right answers to which faults: the one place where a trip's cause is judged."""

from collections.abc import Iterable
from typing import Final

_MOTION: Final = frozenset({"following", "overspeed", "progress", "stop-time", "standstill", "over-angle"})
"""What sees a table that does not do as it was told."""
_ANGLES: Final = frozenset({"angle-agreement", "angle-plausibility", "over-angle"})
_LINK: Final = frozenset({"link", "session"})

_RIGHT: Final = {
    # The board regulates by the encoder: where it lies, the table really moves wrongly.
    "encoder": _ANGLES | _MOTION | {"drive-fault"},
    "inclinometer": _ANGLES,
    # Where no recovery brings the rider upright, the encoder is doubted at last, and one more is tried without it.
    "runaway": _MOTION | {"drive-fault", "angle-plausibility"},
    "obstruction": frozenset({"following", "progress", "drive-fault", "stop-time", "angle-plausibility"}),
    "cable-out": _LINK,
    "host-stall": _LINK | {"tick"},
    "hand-switch-release": frozenset({"hand-switch"}),
    "power-loss": _LINK | {"drive-fault", "following", "progress"},
}


def right_causes(faults: Iterable[str]) -> frozenset[str] | None:
    """Give the ids of the monitors that may trip for these faults; None if one of them has no entry yet."""
    found: frozenset[str] = frozenset()
    for name in faults:
        right = _RIGHT.get(name) or _RIGHT.get(name.partition("-")[0])
        if right is None:
            return None
        found |= right
    return found
