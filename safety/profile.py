"""A jerk-limited way to a target, one tick at a time: the trajectory of every return.

It is written here, not taken from a library, because the return is the one motion that nothing outside this
package may be able to prevent. Each tick tries jerks from the strongest to the weakest and takes the first after
which the motion can still end at the target and below the rate limit; that stays within a tick or two of the
time-optimal trajectory.
"""

from math import copysign, sqrt
from typing import NamedTuple

_JERKS = (1.0, 0.5, 0.0, -0.5)
_ARRIVED_DEG = 0.02
_ARRIVED_DPS = 0.15
_SAME_DPS = 1e-6
"""Two rates nearer to each other are one, but for floating point."""


class Pace(NamedTuple):
    """How fast a motion may be."""

    rate_dps: float
    accel_dps2: float
    jerk_dps3: float


def stopping_distance_deg(rate_dps: float, accel_dps2: float, pace: Pace) -> float:
    """Distance from a rate (not negative) and an acceleration until both are zero, braking as hard as allowed."""
    jerk = pace.jerk_dps3
    if accel_dps2 < 0.0 and rate_dps <= accel_dps2 * accel_dps2 / (2.0 * jerk):
        ease_s = -accel_dps2 / jerk  # braking harder than needed already: only ease off
        return max((rate_dps + (accel_dps2 / 2.0 + jerk * ease_s / 6.0) * ease_s) * ease_s, 0.0)
    peak = min(sqrt(jerk * rate_dps + accel_dps2 * accel_dps2 / 2.0), pace.accel_dps2)
    build_s = max(accel_dps2 + peak, 0.0) / jerk
    distance = (rate_dps + (accel_dps2 / 2.0 - jerk * build_s / 6.0) * build_s) * build_s
    rate = rate_dps + (accel_dps2 - jerk * build_s / 2.0) * build_s
    ease_s = peak / jerk
    ease_rate = peak * ease_s / 2.0
    hold_s = max(rate - ease_rate, 0.0) / peak if peak > 0.0 else 0.0
    distance += (rate + ease_rate) / 2.0 * hold_s
    return distance + peak * ease_s * ease_s / 6.0


class Profile:
    """Position, rate and acceleration of a motion toward a target; ``advance`` is one tick."""

    __slots__ = ("accel_dps2", "position_deg", "rate_dps")

    def __init__(self, position_deg: float, rate_dps: float) -> None:
        self.position_deg = position_deg
        self.rate_dps = rate_dps
        self.accel_dps2 = 0.0

    def take_over(self, rate_dps: float) -> None:
        """Go on from the rate that was really commanded, with a new ramp if it is another one."""
        if abs(self.rate_dps - rate_dps) > _SAME_DPS:
            self.rate_dps, self.accel_dps2 = rate_dps, 0.0

    def advance(self, target_deg: float, pace: Pace, dt_s: float) -> bool:
        """Go one tick toward the target; True once it stands there."""
        side = copysign(1.0, target_deg - self.position_deg)
        togo = (target_deg - self.position_deg) * side
        rate, accel = self.rate_dps * side, self.accel_dps2 * side
        if togo <= _ARRIVED_DEG and abs(rate) <= _ARRIVED_DPS:
            self.position_deg, self.rate_dps, self.accel_dps2 = target_deg, 0.0, 0.0
            return True
        new_accel = _next_accel(togo, rate, accel, pace, dt_s)
        new_rate = rate + (accel + new_accel) / 2.0 * dt_s
        self.position_deg += side * (rate + new_rate) / 2.0 * dt_s
        self.rate_dps, self.accel_dps2 = new_rate * side, new_accel * side
        return False


def _next_accel(togo_deg: float, rate_dps: float, accel_dps2: float, pace: Pace, dt_s: float) -> float:
    """Acceleration at the end of the tick, seen in the direction of the target."""
    limit = pace.accel_dps2
    for share in _JERKS:
        accel = min(max(accel_dps2 + share * pace.jerk_dps3 * dt_s, -limit), limit)
        rate = rate_dps + (accel_dps2 + accel) / 2.0 * dt_s
        if rate <= 0.0:
            return accel  # still moving away from the target: nothing to overshoot
        if rate + max(accel, 0.0) * accel / (2.0 * pace.jerk_dps3) > pace.rate_dps:
            continue
        left = togo_deg - (rate_dps + rate) / 2.0 * dt_s
        if stopping_distance_deg(rate, accel, pace) <= left:
            return accel
    return max(accel_dps2 - pace.jerk_dps3 * dt_s, -limit)
