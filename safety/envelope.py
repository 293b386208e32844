"""The envelope: the nearest rate that still lets the table stop inside its limits.

Invariant. Let ``x`` be the worst angle that the measurements allow, ``u`` the rate in force, ``T`` the time that
passes before a command acts, ``a`` the deceleration that the drive guarantees. As long as

    x + u T + u^2 / (2 a) + a T^2 / 2 <= limit - margin        (and its mirror image at the upright end)

full braking at ``a`` ends inside the limit, and keeps the condition true at every later tick. The last term is for the
commands that are still on their way: while braking they are up to ``a T`` faster than the newest one. A rate that would
break the condition is replaced by the largest rate that does not: the positive root of ``u T + u^2 / (2 a) = room``. So
there is always a rate to give, whatever is asked: that is what makes the condition an inductive invariant.
``docs/safety-concept.md`` has the derivation.
"""

from math import isfinite, sqrt
from typing import NamedTuple

COME_BACK_RATE_DPS = 1.0
COME_BACK_PER_S = 1.0
"""Outside a limit (it was narrowed under a moving table) the envelope turns back at this rate per degree of excess."""


class Bounds(NamedTuple):
    """What the envelope enforces in one tick."""

    lower_deg: float
    """Upright end of the travel."""
    upper_deg: float
    """Inverted end of the travel."""
    invert_rate_dps: float
    """Largest rate toward inversion, not negative; 0 forbids motion toward inversion."""
    upright_rate_dps: float
    """Largest rate toward upright, as a positive number."""
    accel_dps2: float
    """Largest change of rate away from standstill."""
    brake_dps2: float
    """Guaranteed deceleration, ``a``."""
    reaction_s: float
    """``T``: sample time plus worst latency."""


def on_the_way_deg(brake_dps2: float, reaction_s: float) -> float:
    """How far commands that have not acted yet may still carry a table that brakes: ``a T^2 / 2``."""
    return brake_dps2 * reaction_s * reaction_s / 2.0


def highest_rate_dps(room_deg: float, brake_dps2: float, reaction_s: float) -> float:
    """Largest rate that stops within ``room_deg``; negative, turning back gently, where there is no room."""
    if room_deg <= 0.0:
        return max(room_deg * COME_BACK_PER_S, -COME_BACK_RATE_DPS)
    # The root in the form that does not cancel for small rooms: 2 room / (T + sqrt(T^2 + 2 room / a)).
    return 2.0 * room_deg / (reaction_s + sqrt(reaction_s * reaction_s + 2.0 * room_deg / brake_dps2))


def slew_dps(wanted_dps: float, previous_dps: float, accel_dps2: float, brake_dps2: float, dt_s: float) -> float:
    """Move from the previous rate toward the wanted one: toward standstill at ``brake``, away from it at ``accel``."""
    if wanted_dps == previous_dps:
        return wanted_dps
    if wanted_dps < previous_dps:
        return max(wanted_dps, -_after_dps(-previous_dps, accel_dps2, brake_dps2, dt_s))
    return min(wanted_dps, _after_dps(previous_dps, accel_dps2, brake_dps2, dt_s))


def _after_dps(rate_dps: float, accel_dps2: float, brake_dps2: float, dt_s: float) -> float:
    """Largest rate that can follow a rate after ``dt_s``; the part of the time before standstill counts as braking."""
    if rate_dps >= 0.0:
        return rate_dps + accel_dps2 * dt_s
    left_s = dt_s + rate_dps / brake_dps2
    return rate_dps + brake_dps2 * dt_s if left_s <= 0.0 else accel_dps2 * left_s


def nearest_safe_rate_dps(
    request_dps: float, previous_dps: float, low_deg: float, high_deg: float, dt_s: float, bounds: Bounds
) -> float:
    """Give the rate nearest to the request that the bounds allow.

    Args:
        request_dps: the rate asked for; anything that is not a finite number counts as 0.
        previous_dps: the rate in force.
        low_deg: the lowest angle that the measurements allow.
        high_deg: the highest angle that the measurements allow.
        dt_s: time since the last tick, as far as a change of rate may use it.
        bounds: limits in force.

    Returns:
        A finite rate. If the state is not finite, 0.0: there is nothing to compute with, and the caller trips.
    """
    if not (isfinite(previous_dps) and isfinite(low_deg) and isfinite(high_deg) and isfinite(dt_s)):
        return 0.0
    wanted = request_dps if isfinite(request_dps) else 0.0
    kept_deg = on_the_way_deg(bounds.brake_dps2, bounds.reaction_s)
    room_deg = bounds.upper_deg - kept_deg - high_deg
    if wanted > 0.0 or room_deg <= 0.0:  # out of room the table turns back, whatever is asked
        highest = highest_rate_dps(room_deg, bounds.brake_dps2, bounds.reaction_s)
        wanted = min(wanted, highest, bounds.invert_rate_dps)
    if wanted < 0.0:
        # At this end nothing turns back by itself: that would be motion toward inversion that nobody asked for.
        room_deg = low_deg - bounds.lower_deg - kept_deg
        lowest = -highest_rate_dps(room_deg, bounds.brake_dps2, bounds.reaction_s)
        wanted = min(max(wanted, lowest, -bounds.upright_rate_dps), 0.0)
    return slew_dps(wanted, previous_dps, bounds.accel_dps2, bounds.brake_dps2, dt_s)
