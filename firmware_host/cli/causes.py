"""Which monitors are right answers to which faults: the one place where a trip's cause is judged."""

from collections.abc import Iterable
from typing import Final

_MOTION: Final = frozenset({"following", "overspeed", "progress", "stop-time", "standstill", "over-angle"})
"""What sees a table that does not do as it was told."""
_ANGLES: Final = frozenset({"angle-agreement", "angle-plausibility", "over-angle", "switches"})
"""What sees that an angle is wrong: by the other one, by itself, by the limit, or by a limit switch."""
_LINK: Final = frozenset({"link", "session"})
_LEFT_THERE: Final = frozenset({"time-inverted"})
"""Whoever is held inverted, or is not known to be upright, goes on using up the allowance."""
_STUCK: Final = frozenset({"drive-fault", "following", "progress", "reverse-on-load", "stop-time"}) | _LEFT_THERE
"""What sees a drive that cannot do as it is told."""

_RIGHT: Final = {
    # The board regulates by the encoder: where it lies, the table really moves wrongly.
    "encoder": _ANGLES | _MOTION | {"drive-fault", "reverse-on-load"},
    "inclinometer": _ANGLES,
    # Where no recovery brings the rider upright, the encoder is doubted at last, and one more is tried without it.
    "runaway": _MOTION | _STUCK | {"angle-plausibility"},
    "obstruction": _STUCK | {"angle-plausibility"},
    "cable-out": _LINK | _LEFT_THERE,
    "host-stall": _LINK | _LEFT_THERE | {"tick"},
    "hand-switch-release": frozenset({"hand-switch"}),
    "power-loss": _LINK | _STUCK | {"energy"},
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
