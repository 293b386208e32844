"""Bringing the rider upright in two stages: to horizontal, a rest, then slowly on.

Out of inversion fast, upright slowly: a quick head-up tilt drops the blood pressure, and a person who is fainting
is better flat than upright (docs/safety-concept.md, principle 6).
"""

from enum import IntEnum
from typing import Final, NamedTuple

from safety.limits import Limits
from safety.profile import Pace, Profile
from safety.signals import Input
from safety.view import View

FLAT_DEG: Final = 0.0
FLAT_TOLERANCE_DEG: Final = 0.5
REACHED_DEG: Final = 1.0
"""A stage is done when its profile is and the table is within this of the target."""
SWITCH_BELIEVED_BELOW_DEG: Final = -30.0
"""The upright switch ends a return only where it can be true: one stuck closed must not trap an inverted rider."""
BLIND_BEYOND_DEG: Final = 30.0
"""With no angle, aim this far beyond upright and let the switch end the motion."""


BUDGET_FACTOR: Final = 1.5
BUDGET_GRACE_S: Final = 5.0


class Stage(IntEnum):
    """Where a return is."""

    TO_FLAT = 0
    FLAT = 1
    TO_UPRIGHT = 2
    ARRIVED = 3


class ReturnPlan(NamedTuple):
    """How fast a return goes."""

    inverted: Pace
    head_up: Pace
    rest_s: float


def normal_return(limits: Limits) -> ReturnPlan:
    """The session's normal return."""
    accel, jerk = limits.accel_dps2, limits.jerk_dps3
    return ReturnPlan(
        Pace(limits.return_rate_dps, accel, jerk),
        Pace(limits.return_upright_rate_dps, accel, jerk),
        limits.return_rest_s,
    )


def emergency_return(limits: Limits) -> ReturnPlan:
    """Fast to horizontal."""
    return ReturnPlan(
        Pace(limits.emergency_rate_dps, limits.emergency_accel_dps2, limits.emergency_jerk_dps3),
        Pace(limits.emergency_upright_rate_dps, limits.accel_dps2, limits.jerk_dps3),
        limits.emergency_rest_s,
    )


def creep(limits: Limits) -> ReturnPlan:
    """The recovery after a stop."""
    accel, jerk = limits.accel_dps2 * 2.0, limits.jerk_dps3 * 2.0
    return ReturnPlan(
        Pace(limits.creep_rate_dps, accel, jerk),
        Pace(limits.creep_upright_rate_dps, accel, jerk),
        limits.emergency_rest_s,
    )


def switch_closed(view: View) -> bool:
    """The upright switch is closed, and may be believed."""
    t, best = view.telemetry, view.angles.best_deg
    if t is None or not t.inputs & Input.UPRIGHT_SWITCH:
        return False
    return best is None or best < SWITCH_BELIEVED_BELOW_DEG


class Returning:
    """One return under way."""

    __slots__ = ("_profile", "_rest_until_s", "budget_s", "deadline_s", "plan", "stage")

    def __init__(self, plan: ReturnPlan, view: View) -> None:
        self.plan = plan
        self._rest_until_s = view.now_s
        best = view.angles.best_deg
        inverted = best is not None and best > FLAT_TOLERANCE_DEG
        self.stage = Stage.TO_FLAT if inverted else Stage.TO_UPRIGHT
        rate = view.angles.rate_dps
        self._profile = Profile(FLAT_DEG if best is None else best, view.command_dps if rate is None else rate)
        self.budget_s = BUDGET_FACTOR * self._planned_s(best, view.limits) + BUDGET_GRACE_S
        """Time that this return may take, beside a rest that a person prolongs."""
        self.deadline_s = view.now_s + self.budget_s

    def _planned_s(self, best_deg: float | None, limits: Limits) -> float:
        start = limits.inverted_limit_deg if best_deg is None else best_deg
        inverted_s = max(start - FLAT_DEG, 0.0) / self.plan.inverted.rate_dps
        return inverted_s + self.plan.rest_s + (FLAT_DEG - limits.upright_deg) / self.plan.head_up.rate_dps

    @property
    def pace(self) -> Pace:
        """The pace of this stage."""
        return self.plan.inverted if self.stage == Stage.TO_FLAT else self.plan.head_up

    def rate_dps(self, view: View) -> float | None:
        """Rate for this tick; None to stand on the brake."""
        if switch_closed(view) or view.upright:
            self.stage = Stage.ARRIVED if self._standing_at_the_end(view) else self.stage
        if self.stage == Stage.FLAT:
            if view.request.hold_flat:
                self.deadline_s = max(self.deadline_s, view.now_s + self.budget_s)
            if view.now_s < self._rest_until_s or view.request.hold_flat:
                return None
            self._start(Stage.TO_UPRIGHT, view)
        if self.stage == Stage.ARRIVED:
            return None
        return self._move(view)

    def follow(self, rate_dps: float) -> None:
        """Take over the rate that was really commanded, if the envelope gave another one."""
        if abs(self._profile.rate_dps - rate_dps) > 1e-6:
            self._profile.rate_dps = rate_dps
            self._profile.accel_dps2 = 0.0

    def _standing_at_the_end(self, view: View) -> bool:
        return switch_closed(view) or self._profile.rate_dps == 0.0

    def _start(self, stage: Stage, view: View) -> None:
        self.stage = stage
        best = view.angles.best_deg
        self._profile = Profile(FLAT_DEG if best is None else best, 0.0)

    def _target_deg(self, view: View) -> float:
        if self.stage == Stage.TO_FLAT:
            return FLAT_DEG
        upright = view.limits.upright_deg
        if view.angles.angle_deg is not None:
            return upright
        best = view.angles.best_deg
        return (upright if best is None else min(upright, best)) - BLIND_BEYOND_DEG

    def _move(self, view: View) -> float:
        target = self._target_deg(view)
        if self._profile.advance(target, self.pace, view.dt_s):
            angle = view.angles.angle_deg
            blind_end = angle is None and self.stage == Stage.TO_UPRIGHT
            if blind_end or (angle is not None and abs(angle - target) > REACHED_DEG):
                self._start(self.stage, view)  # behind its reference, or nothing says that it is there: go on
            elif self.stage == Stage.TO_FLAT:
                self.stage = Stage.FLAT
                self._rest_until_s = view.now_s + self.plan.rest_s
            else:
                self.stage = Stage.ARRIVED
        return self._profile.rate_dps
