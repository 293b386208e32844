"""Smooth motion from one angle to another: jerk-limited and time-optimal (ruckig), followed with feedback.

A motion is planned once, in one or two pieces, and evaluated every tick (about half a microsecond):

- at rest, or moving the right way with room to stop: straight to the target;
- moving away from the target, or too fast to stop before it: brake, stand still for ``REVERSAL_REST_S`` (a rider feels
  a reversal less that way, and a drive's run-on ends), then go to the target.

Nothing here keeps the table inside its limits: that is the safety layer's work, whatever is asked of it.
"""

from math import copysign, isfinite, isnan
from typing import Final, NamedTuple

from ruckig import (
    ControlInterface,
    InputParameter,
    Result,
    Ruckig,
    RuckigError,
    Trajectory,
)

from safety.profile import Pace

REVERSAL_REST_S: Final = 0.3
"""Time at rest before the direction changes."""

GAIN_PER_S: Final = 2.0
"""Rate added for each degree that the table is behind its reference."""

CORRECTION_DPS: Final = 0.5
"""Most that the feedback adds, so that a table that was held up catches up gently."""

ARRIVED_DEG: Final = 1.0
"""Largest distance from the target that counts as there: people begin to feel pitch at about one degree, and
the envelope's margin keeps the table a few tenths of a degree short of a limit."""

BUDGET_FACTOR: Final = 1.5
BUDGET_EXTRA_S: Final = 2.0
"""A motion may take this much of its plan, and this much more; then something holds the table."""

_STILL_DPS: Final = 1e-6
_STOPPED_SHORT_DEG: Final = 0.01
"""Passing a target by less than this is not a reversal."""

_HALVINGS: Final = 32

_SLOWER: Final = (1.0, 1.0 - 1e-6, 1.0 - 1e-4, 0.99)


class MotionError(ValueError):
    """A motion was asked for that cannot be planned; ``str()`` has the numbers."""


class Sample(NamedTuple):
    """Where a motion should be at one moment."""

    angle_deg: float
    rate_dps: float


class MoveTime(NamedTuple):
    """How long a motion from rest to rest takes."""

    duration_s: float
    inverted_s: float
    """The part of it above horizontal."""


def move_time(from_deg: float, to_deg: float, pace: Pace) -> MoveTime:
    """Time a motion from rest to rest. Raises ``MotionError`` for numbers that cannot be planned with."""
    _check((from_deg, to_deg), pace)
    trajectory = _to_target(from_deg, 0.0, to_deg, pace)
    duration_s = float(trajectory.duration)
    low, high = min(from_deg, to_deg), max(from_deg, to_deg)
    if high <= 0.0 or low >= 0.0:
        return MoveTime(duration_s, duration_s if high > 0.0 else 0.0)
    crossing_s = _crossing_s(trajectory, duration_s, upward=to_deg > 0.0)
    return MoveTime(duration_s, duration_s - crossing_s if to_deg > 0.0 else crossing_s)


def _crossing_s(trajectory: Trajectory, duration_s: float, *, upward: bool) -> float:
    """Find when a motion that goes one way passes horizontal; ruckig's own search misses some crossings."""
    before_s, after_s = 0.0, duration_s
    for _ in range(_HALVINGS):
        middle_s = (before_s + after_s) / 2.0
        if (trajectory.at_time(middle_s)[0][0] > 0.0) == upward:
            after_s = middle_s
        else:
            before_s = middle_s
    return after_s


class Motion:
    """A motion under way. Plan it with ``start``, then ask every tick; time is counted from the start."""

    __slots__ = ("_braking", "_braking_s", "_main", "_main_begins_s", "_rests_deg", "duration_s", "pace", "target_deg")

    def __init__(self, at_deg: float) -> None:
        """Make a motion that is finished, standing at an angle."""
        if not isfinite(at_deg):
            raise MotionError(f"a motion cannot begin at {at_deg} deg; wait for a valid angle")
        self.target_deg = at_deg
        self.duration_s = 0.0
        self.pace = Pace(1.0, 1.0, 1.0)
        self._braking: Trajectory | None = None
        self._braking_s = 0.0
        self._rests_deg = at_deg
        self._main: Trajectory | None = None
        self._main_begins_s = 0.0

    def start(self, to_deg: float, from_deg: float, rate_now_dps: float, pace: Pace) -> None:
        """Plan a motion from a state to rest at ``to_deg``. May be called again at any time, with a new target or pace.

        Raises ``MotionError``, and keeps the motion that it had, if a number is not finite or a limit not positive.
        """
        _check((to_deg, from_deg, rate_now_dps), pace)
        braking = None if abs(rate_now_dps) < _STILL_DPS else _to_rest(from_deg, rate_now_dps, pace)
        rests_deg = from_deg if braking is None else _end_deg(braking)
        way = copysign(1.0, rate_now_dps)
        if braking is not None and (to_deg - rests_deg) * way < -_STOPPED_SHORT_DEG:
            main, begins_s = _to_target(rests_deg, 0.0, to_deg, pace), float(braking.duration) + REVERSAL_REST_S
        else:  # at rest, or able to stop at the target going the way it goes
            main, begins_s = _to_target(from_deg, rate_now_dps, to_deg, pace), 0.0
            braking = None
        self._braking, self._braking_s, self._rests_deg = braking, begins_s - REVERSAL_REST_S, rests_deg
        self._main, self._main_begins_s = main, begins_s
        self.duration_s = begins_s + float(main.duration)
        self.target_deg, self.pace = to_deg, pace

    def at(self, t_s: float) -> Sample:
        """Give angle and rate ``t_s`` after the start; from the end on, exactly the target at rest."""
        if self._main is None or not t_s < self.duration_s:
            if isnan(t_s):  # ruckig must never see one: it crashes the process
                raise MotionError("the time of a motion is not a number; check the clock")
            return Sample(self.target_deg, 0.0)
        if self._braking is None or t_s >= self._main_begins_s:
            since_s = t_s - self._main_begins_s
            angle, rate, _ = self._main.at_time(since_s if since_s > 0.0 else 0.0)
        elif t_s >= self._braking_s:
            return Sample(self._rests_deg, 0.0)
        else:
            angle, rate, _ = self._braking.at_time(max(t_s, 0.0))
        return Sample(angle[0], rate[0])

    def rate_to_ask_dps(self, t_s: float, measured_deg: float) -> float:
        """Give the rate to ask for: the plan's, corrected toward the plan's angle, within the pace.

        Raises ``MotionError`` if a number is not finite.
        """
        angle_deg, rate_dps = self.at(t_s)
        behind_deg = angle_deg - measured_deg
        if not isfinite(behind_deg):
            raise MotionError(f"no rate can be given for {measured_deg} deg at {t_s} s; stop and find the bad signal")
        asked = rate_dps + _clamped(GAIN_PER_S * behind_deg, CORRECTION_DPS)
        return _clamped(asked, self.pace.rate_dps)

    def finished(self, t_s: float, measured_deg: float) -> bool:
        """Tell whether the plan is over and the table is there."""
        return t_s >= self.duration_s and abs(measured_deg - self.target_deg) <= ARRIVED_DEG

    def overdue(self, t_s: float) -> bool:
        """Tell whether the motion has taken so long that something must be holding the table."""
        return t_s > BUDGET_FACTOR * self.duration_s + BUDGET_EXTRA_S


def _clamped(value: float, most: float) -> float:
    return most if value > most else -most if value < -most else value


def _check(numbers: tuple[float, ...], pace: Pace) -> None:
    if not all(isfinite(number) for number in numbers):
        raise MotionError(f"a motion needs finite angles and rates, not {numbers}; wait for a valid measurement")
    if not all(isfinite(limit) and limit > 0.0 for limit in pace):
        raise MotionError(f"rate, acceleration and jerk must be more than 0 and finite, not {tuple(pace)}")


def _to_target(from_deg: float, rate_dps: float, to_deg: float, pace: Pace) -> Trajectory:
    wanted = _input(from_deg, rate_dps, pace)
    wanted.target_position = [to_deg]
    return _calculate(wanted)


def _to_rest(from_deg: float, rate_dps: float, pace: Pace) -> Trajectory:
    wanted = _input(from_deg, rate_dps, pace)
    wanted.control_interface = ControlInterface.Velocity
    return _calculate(wanted)


def _input(from_deg: float, rate_dps: float, pace: Pace) -> InputParameter:
    wanted = InputParameter(1)
    wanted.current_position = [from_deg]
    wanted.current_velocity = [rate_dps]
    wanted.max_velocity = [pace.rate_dps]
    wanted.max_acceleration = [pace.accel_dps2]
    wanted.max_jerk = [pace.jerk_dps3]
    return wanted


def _calculate(wanted: InputParameter) -> Trajectory:
    """Plan; where ruckig finds nothing, a little slower.

    Exactly on the border between two shapes of profile (such as 0.2 deg at 0.1 deg/s, deg/s2 and deg/s3) ruckig 0.19
    may lose both shapes to rounding; a slightly smaller acceleration is off the border.
    """
    accel_dps2 = wanted.max_acceleration[0]
    for share in _SLOWER:
        wanted.max_acceleration = [accel_dps2 * share]
        trajectory = Trajectory(1)
        try:
            if Ruckig(1).calculate(wanted, trajectory) in (Result.Working, Result.Finished):
                return trajectory
        except RuckigError:
            continue
    raise MotionError(
        f"no motion can be planned from {wanted.current_position[0]} deg at {wanted.current_velocity[0]} deg/s to "
        f"{wanted.target_position[0]} deg within {wanted.max_velocity[0]} deg/s, {accel_dps2} deg/s2 and "
        f"{wanted.max_jerk[0]} deg/s3; choose a rounder rate or angle"
    )


def _end_deg(trajectory: Trajectory) -> float:
    return float(trajectory.at_time(trajectory.duration)[0][0])
