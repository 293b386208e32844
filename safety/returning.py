"""Bringing the rider upright in two stages: to horizontal, a rest, then slowly on.

Out of inversion fast, upright slowly: a quick head-up tilt drops the blood pressure, and a person who is fainting
is better flat than upright (docs/safety-concept.md, principle 6).
"""

from enum import IntEnum
from math import inf, sqrt
from typing import Final, NamedTuple

from safety.limits import Limits
from safety.profile import Pace, Profile
from safety.view import LONGEST_STEP_S, STANDSTILL_DPS, View

FLAT_DEG: Final = 0.0
FLAT_TOLERANCE_DEG: Final = 0.5
REACHED_DEG: Final = 1.0
"""A stage is done when its profile is and the table is not farther than this from the target, or past it."""
SLIPPED_DEG: Final = 2.0
"""A table that slips this far into inversion while it rests at horizontal is brought back."""
SWITCH_BELIEVED_BELOW_DEG: Final = -30.0
"""The upright switch ends a return only where it can be true: one stuck closed must not trap an inverted rider."""
BLIND_BEYOND_DEG: Final = 30.0
"""With an angle lost, aim this far beyond upright and let the switch end the motion."""
LAID_DEG: Final = -10.0
"""Still flat enough to rest: a return that others carried past horizontal rests where it is found above this."""
APART_DEG: Final = 1.0
"""Two sound angles are no farther apart."""
CAREFUL_DEG: Final = 4.0
"""Room to slow down from the fast part of a return before horizontal, by an angle that was only outvoted."""


CREEP_BRISKNESS: Final = 2.0
"""A recovery starts and stops more briskly than a session: the time that it takes is time spent inverted."""
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


def _stoppable(accel_dps2: float, limits: Limits) -> float:
    """No more than the brake guarantees: a return that counts on braking harder runs past horizontal."""
    return min(accel_dps2, limits.brake_accel_dps2)


def normal_return(limits: Limits) -> ReturnPlan:
    """The session's normal return."""
    accel, jerk = limits.return_accel_dps2, limits.return_jerk_dps3
    return ReturnPlan(
        Pace(limits.return_rate_dps, accel, jerk),
        Pace(limits.return_upright_rate_dps, accel, jerk),
        limits.return_rest_s,
    )


def emergency_return(limits: Limits) -> ReturnPlan:
    """Fast to horizontal."""
    return ReturnPlan(
        Pace(limits.emergency_rate_dps, _stoppable(limits.emergency_accel_dps2, limits), limits.emergency_jerk_dps3),
        Pace(limits.emergency_upright_rate_dps, limits.return_accel_dps2, limits.return_jerk_dps3),
        limits.emergency_rest_s,
    )


def creep(limits: Limits) -> ReturnPlan:
    """The recovery after a stop."""
    accel = _stoppable(limits.return_accel_dps2 * CREEP_BRISKNESS, limits)
    jerk = limits.return_jerk_dps3 * CREEP_BRISKNESS
    return ReturnPlan(
        Pace(limits.creep_rate_dps, accel, jerk),
        Pace(limits.creep_upright_rate_dps, accel, jerk),
        limits.emergency_rest_s,
    )


class Returning:
    """One return under way."""

    __slots__ = ("_careful", "_carried", "_profile", "_rest_until_s", "budget_s", "deadline_s", "plan", "stage")

    def __init__(self, plan: ReturnPlan, view: View) -> None:
        self.plan = plan
        self._rest_until_s = view.now_s + plan.rest_s
        self._careful = False
        """An angle that may yet be right says that the rider is head-up already: too early for the fast part."""
        self._carried = view.turning_dps > STANDSTILL_DPS
        """It began on the way down, or lost an angle, and has not come to rest since."""
        best = view.angles.best_deg
        self.stage = Stage.TO_UPRIGHT
        if best is not None and best > FLAT_DEG - REACHED_DEG:  # at horizontal the rest is still to come
            self.stage = Stage.TO_FLAT if best > FLAT_TOLERANCE_DEG else Stage.FLAT
        elif best is not None and best > LAID_DEG and -view.turning_dps > self._too_fast_dps(view.limits):
            self.stage = Stage.FLAT  # still as fast as before horizontal: stand, and rest where that is
        self._profile = Profile(FLAT_DEG if best is None else best, view.turning_dps)
        self.budget_s = BUDGET_FACTOR * self._planned_s(best, view.limits) + BUDGET_GRACE_S
        """Time that this return may take, beside a rest that a person prolongs."""
        self.deadline_s = view.now_s + self.budget_s

    def anew(self, view: View) -> "Returning":
        """The same return from wherever others have moved the table meanwhile.

        Its rest goes on where the table is still flat, and so does its budget, or a line that comes and goes would
        make them begin again for ever. What passes while the table is not ours to move is not the return's time.
        """
        again = Returning(self.plan, view)
        again.budget_s, again.deadline_s = self.budget_s, self.deadline_s + view.dt_s
        best = view.angles.best_deg
        if best is None or not LAID_DEG < best <= FLAT_DEG + SLIPPED_DEG:
            return again
        if self.stage != Stage.TO_FLAT:
            again._rest_until_s = self._rest_until_s
        if again.stage != self.stage:  # carried past horizontal before its rest, or not far from it after
            again.stage = Stage.FLAT
        return again

    def _head_up_dps(self, limits: Limits) -> float:
        """As fast as anything turns a rider upright who is head-up already."""
        return max(self.plan.head_up.rate_dps, limits.head_up_rate_dps)

    def _too_fast_dps(self, limits: Limits) -> float:
        """Faster than this nothing does."""
        return self._head_up_dps(limits) + STANDSTILL_DPS

    def fastest_dps(self, view: View) -> float:
        """As fast as the lower angle allows, wherever the other one says that the return is.

        One that drifts toward inversion would have the rider thrown past horizontal before the two are found apart.
        """
        low, limits = view.angles.low_deg, view.limits
        if low is None:
            return inf
        room_deg = low - FLAT_DEG + APART_DEG
        braking_dps = sqrt(2.0 * limits.brake_accel_dps2 * room_deg) if room_deg > 0.0 and not view.head_up else 0.0
        return max(braking_dps, self._head_up_dps(limits))

    def _planned_s(self, best_deg: float | None, limits: Limits) -> float:
        start = limits.inverted_limit_deg if best_deg is None else best_deg
        inverted_s = max(start - FLAT_DEG, 0.0) / self.plan.inverted.rate_dps
        return inverted_s + self.plan.rest_s + (FLAT_DEG - limits.upright_deg) / self.plan.head_up.rate_dps

    @property
    def pace(self) -> Pace:
        """The pace of this stage."""
        return self.plan.inverted if self.stage == Stage.TO_FLAT and not self._careful else self.plan.head_up

    def rests(self, view: View) -> bool:
        """Tell whether it stands at horizontal because it is to."""
        return self.stage == Stage.FLAT and (view.now_s < self._rest_until_s or view.request.hold_flat)

    def rate_dps(self, view: View) -> float | None:
        """Rate for this tick; None to stand on the brake."""
        if view.upright and (view.angles.lost_angles or abs(self._profile.rate_dps) < STANDSTILL_DPS):
            self.stage = Stage.ARRIVED
        best, outvoted = view.angles.best_deg, view.angles.outvoted_deg
        self._careful = outvoted is not None and outvoted < FLAT_DEG + CAREFUL_DEG
        estimate = view.angles.estimate_deg
        if view.angles.lost_angles and estimate is not None and estimate < FLAT_DEG:
            self._careful = True  # the angle that is left may be wrong too: by dead reckoning the rider is head-up
        if self.stage == Stage.FLAT and best is not None and best > FLAT_DEG + self._granted_deg(view):
            self._start(Stage.TO_FLAT, view)
        if self.stage == Stage.FLAT:
            if view.request.hold_flat:
                self.deadline_s = max(self.deadline_s, view.now_s + self.budget_s)
            if view.now_s < self._rest_until_s or view.request.hold_flat:
                return None
            self._start(Stage.TO_UPRIGHT, view)
        if self.stage == Stage.ARRIVED:
            return None
        return self._move(view)

    def _granted_deg(self, view: View) -> float:
        """How far from horizontal, toward inversion, a table may rest: less once, when it has come to stand."""
        if not self._carried or view.standing_s <= 0.0:
            return SLIPPED_DEG
        self._carried = False
        return FLAT_TOLERANCE_DEG

    def look_again(self) -> None:
        """An angle was lost: by the one that is left, a table that rests may not be at horizontal yet."""
        self._carried = True

    def follow(self, rate_dps: float) -> None:
        """Take over the rate that was really commanded, if the envelope gave another one."""
        self._profile.take_over(rate_dps)

    def _start(self, stage: Stage, view: View) -> None:
        self.stage = stage
        best = view.angles.best_deg
        self._profile = Profile(FLAT_DEG if best is None else best, 0.0)

    def _target_deg(self, view: View) -> float:
        if self.stage == Stage.TO_FLAT:
            return FLAT_DEG
        upright = view.limits.upright_deg
        if not view.angles.lost_angles:
            return upright
        best = view.angles.best_deg
        return (upright if best is None else min(upright, best)) - BLIND_BEYOND_DEG

    def _move(self, view: View) -> float:
        target, profile = self._target_deg(view), self._profile
        done = profile.advance(target, self.pace, min(view.dt_s, LONGEST_STEP_S))
        if done or (profile.position_deg < target and profile.rate_dps >= 0.0):  # beyond it nothing goes back
            angle = view.angles.angle_deg
            if self.stage == Stage.TO_FLAT and (angle is None or angle - target <= REACHED_DEG):
                self.stage = Stage.FLAT
                self._rest_until_s = view.now_s + self.plan.rest_s
            else:
                self._start(self.stage, view)  # behind its reference, or nothing says yet that it is upright: go on
        return self._profile.rate_dps
