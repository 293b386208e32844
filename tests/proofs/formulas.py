"""The formulas that the proofs and the trials in floating point share: of z3's symbols and of floats alike."""

from typing import Any


def stops_within(rate: Any, room: Any, brake: Any, reaction: Any) -> Any:
    """The condition of the envelope for a rate without its sign: it stops within the room, late commands included."""
    return rate * reaction + rate * rate / (2 * brake) + brake * reaction * reaction / 2 <= room


def overstep(error: Any, allowance: Any, rate: Any, brake: Any, reaction: Any, late: Any, tick: Any, stray: Any) -> Any:
    """How far beyond a limit (deg) a rate that ``stops_within`` what was measured can bring the table at most.

    Args:
        error: how far the angle that was measured is off, on the wrong side (deg).
        allowance: what was added to it before the room was taken (deg).
        rate: the rate without its sign (deg/s).
        brake: guaranteed deceleration (deg/s2).
        reaction: the reaction time that was reckoned with (s).
        late: the time from the measurement to the table acting on the command (s).
        tick: the longest time between two ticks (s).
        stray: by how much the table turns faster than commanded (deg/s).
    """
    reach = late + tick
    faster_before = brake * (reach * reach - reaction * reaction - tick * tick) / 2
    return error - allowance + rate * (reach - reaction) + faster_before + stray * (reach + rate / brake)
