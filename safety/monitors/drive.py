"""The drive's own health: power enough to come back, not too hot, and a load that is the rider's and nothing else.

These monitors judge what the drive measures, before it gives up by itself.
"""

from math import inf
from typing import Final

from safety.monitors.base import Monitor, Since, told
from safety.signals import EMERGENCY_RETURN, INHIBIT, NONE, RETURN, STOP, TORQUE_OFF, Response, Status
from safety.view import STANDSTILL_DPS, View

SAG_S: Final = 0.1
"""A drive that starts under load pulls its supply down for less than this."""
DUTY_S: Final = 300.0
"""Over so long the housing of a motor of this size averages its heat."""
RESTED: Final = 0.8
"""A motor that was worked too hard counts as rested below this share of the limit."""
SETTLED_S: Final = 0.5
"""So long after the commanded rate last changed, the current is the load's alone."""
BASELINE_S: Final = 1.0
"""The load changes with the angle: the baseline follows it, and not what a blow or a hand adds."""
FOLLOWS_DPS: Final = 1.0
"""A table whose rate is farther off what it was told is not weighed."""
BALANCE_S: Final = 2.0
"""So long the balance test takes, at a constant rate: some degrees on the way out."""
PIECES_S: Final = 4.0
"""So long it takes where the rate is never constant for as long as that."""
PUSHES_A: Final = 1.0
"""More than a current sensor is off at rest."""
PUSHES_S: Final = 0.3
"""Longer than the current takes to die in a motor that came to rest with its leads shorted."""
_TORQUE_ON: Final = Status.TORQUE_ON


def _current_a(view: View) -> float | None:
    """The current of a new frame, if it is a number."""
    t = view.telemetry
    if not view.fresh or t is None or t.current_a is None or not -1e3 < t.current_a < 1e3:
        return None
    return t.current_a


def heating_a2(mean_a2: float, current_a: float, dt_s: float) -> float:
    """Give the mean square of the current, in A2, after so many seconds more of a current: it heats a winding."""
    return mean_a2 + (current_a * current_a - mean_a2) * min(dt_s / DUTY_S, 1.0)


class Energy(Monitor):
    """The supply is going: come up while there is power to do it."""

    id = "energy"
    hazard = "H-02"
    lacks_power = True

    def __init__(self) -> None:
        self._low = Since()

    def check(self, view: View) -> Response:
        """Trip on a bus voltage below the reserve; one that is not measured says nothing."""
        t = view.telemetry
        if t is None or t.bus_v is None:
            return NONE
        low = not t.bus_v >= view.limits.bus_reserve_v  # written so that NaN is low
        if not low and self._low.start_s is None:
            return NONE
        if self._low.held_s(low, view.now_s) < SAG_S:
            return NONE
        return EMERGENCY_RETURN if view.away else INHIBIT

    def detail(self, view: View) -> str:
        """Give the voltage and the reserve."""
        bus_v = None if view.telemetry is None else view.telemetry.bus_v
        return f"supply at {told(bus_v, 2, 'V')}, a return needs {view.limits.bus_reserve_v:g} V"

    def since_s(self, view: View) -> float:
        """When it fell."""
        return self._low.since_s(view)


class Temperature(Monitor):
    """Drive or motor grows hot: come back before it switches itself off."""

    id = "temperature"
    hazard = "H-22"

    def check(self, view: View) -> Response:
        """Return when warm, hurry when hot; at upright wait until it has cooled."""
        t, limits = view.telemetry, view.limits
        if t is None:
            return NONE
        drive_c, motor_c = t.drive_temperature_c, t.motor_temperature_c
        warm = (drive_c is not None and not drive_c <= limits.drive_warm_c) or (
            motor_c is not None and not motor_c <= limits.motor_warm_c
        )
        if not warm:
            return NONE
        if not view.away:
            return INHIBIT
        hot = (drive_c or 0.0) > limits.drive_hot_c or (motor_c or 0.0) > limits.motor_hot_c
        return EMERGENCY_RETURN if hot else RETURN

    def detail(self, view: View) -> str:
        """Give both temperatures and the limits."""
        t, limits = view.telemetry, view.limits
        drive_c, motor_c = (None, None) if t is None else (t.drive_temperature_c, t.motor_temperature_c)
        return (
            f"drive {told(drive_c, 1, 'degC')} (limits {limits.drive_warm_c:g} and {limits.drive_hot_c:g} degC), "
            f"motor {told(motor_c, 1, 'degC')} (limits {limits.motor_warm_c:g} and {limits.motor_hot_c:g} degC)"
        )


class Duty(Monitor):
    """The motor was worked harder than it can bear for long; what is left of its heat is kept for one full return."""

    id = "duty"
    hazard = "H-22"

    def __init__(self) -> None:
        self._mean_a2 = 0.0
        self._tired = False

    def check(self, view: View) -> Response:
        """Judge the mean square of the current, which is what heats a winding."""
        current_a, limit_a = _current_a(view), view.limits.duty_current_a
        if current_a is not None:
            self._mean_a2 = heating_a2(self._mean_a2, current_a, view.dt_s)
        self._tired = self._mean_a2 > limit_a * limit_a * (RESTED if self._tired else 1.0)
        if not self._tired:
            return NONE
        return RETURN if view.away else INHIBIT

    def detail(self, view: View) -> str:
        """Give the effective current and its limit."""
        effective_a, limit_a = self._mean_a2**0.5, view.limits.duty_current_a
        return f"motor current {effective_a:.1f} A effective over {DUTY_S:g} s, limit {limit_a:g} A"


class ReverseOnLoad(Monitor):
    """The load rises faster than any rider's weight can: something is in the way, or somebody is in it."""

    id = "reverse-on-load"
    hazard = "H-14"
    stops_recovery = True
    turns_back = True

    def __init__(self) -> None:
        self._over = Since()
        self._baseline_a: float | None = None
        self._over_a = 0.0

    def check(self, view: View) -> Response:
        """Compare the current with what moving this rider just took, while the commanded rate is constant."""
        if view.steady_s < SETTLED_S:
            self._baseline_a = None
            self._over.clear()
            return NONE
        current_a = _current_a(view)
        if current_a is None:
            return NONE
        push_a = current_a if view.command_dps > 0.0 else -current_a
        baseline_a = push_a if self._baseline_a is None else self._baseline_a
        self._over_a = push_a - baseline_a
        over = self._over_a > view.limits.load_step_a
        if not over:  # what is in the way must not become what is normal
            baseline_a += self._over_a * min(view.dt_s / BASELINE_S, 1.0)
        self._baseline_a = baseline_a
        if not over and self._over.start_s is None:
            return NONE
        return STOP if self._over.held_s(over, view.now_s) >= view.limits.load_step_s else NONE

    def detail(self, view: View) -> str:
        """Give what the motor pushes with beyond what it took before."""
        limit_a = view.limits.load_step_a
        return f"motor pushes with {self._over_a:.1f} A more than this load took, limit {limit_a:g} A"

    def since_s(self, view: View) -> float:
        """When the load rose."""
        return self._over.since_s(view)


class RiderLoad(Monitor):
    """The balance test: on the way out the load must be that of a rider who is set up right, with the feet heavier.

    A way in short pieces never has a constant rate. From rest to rest what a piece takes to start it gives back at its
    end, so the mean over whole pieces tells the same.
    """

    id = "rider-load"
    hazard = "H-11"

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._sum_as = self._time_s = 0.0
        self._pieces_as = self._pieces_s = 0.0
        self._said = NONE

    def check(self, view: View) -> Response:
        """Average the current over the first seconds at a constant rate outward, once on each way out."""
        if view.upright:
            self._begin()
        elif self._time_s < BALANCE_S:
            current_a = _current_a(view)
            if view.command_dps > 0.0 and current_a is not None:
                self._take(view, current_a)
            elif view.command_dps == 0.0 and self._pieces_s >= PIECES_S:
                self._sum_as, self._time_s = self._pieces_as / self._pieces_s * BALANCE_S, BALANCE_S
            if self._time_s >= BALANCE_S:
                limits = view.limits
                right = limits.balance_low_a <= self._mean_a <= limits.balance_high_a
                self._said = NONE if right else RETURN
        return self._said

    def _take(self, view: View, current_a: float) -> None:
        rate_dps = view.angles.rate_dps or 0.0
        if view.steady_s >= SETTLED_S and abs(rate_dps - view.command_dps) < FOLLOWS_DPS:
            # What leaps is no rider: a drive that runs away has other monitors, and is not to pass for a heavy head.
            leap_a = view.limits.load_step_a if self._time_s > 0.0 else inf
            weighed_a = min(max(current_a, self._mean_a - leap_a), self._mean_a + leap_a)
            self._sum_as += weighed_a * view.dt_s
            self._time_s += view.dt_s
        if rate_dps > STANDSTILL_DPS:  # the brake is open
            self._pieces_as += current_a * view.dt_s
            self._pieces_s += view.dt_s

    @property
    def _mean_a(self) -> float:
        return self._sum_as / max(self._time_s, 1e-3)

    def detail(self, view: View) -> str:
        """Give the current, the band, and on which side of it that is."""
        limits = view.limits
        band = f"{limits.balance_low_a:g} to {limits.balance_high_a:g} A"
        wrong = "head too heavy" if self._mean_a < limits.balance_low_a else "heavier than the table is made for"
        return f"balance test: {self._mean_a:.2f} A, right is {band}: {wrong}"


class TorqueOff(Monitor):
    """With the torque off the motor pushes on: the power stage obeys nobody, and nothing but the brake holds it.

    To open the brake for a recovery would let the drive run away once more. Where torque off takes the stage's enable
    away, no current can flow; in a motor whose leads are shorted it flows against the way that the table turns.
    """

    id = "torque-off"
    hazard = "H-03"
    stops_recovery = True

    def __init__(self) -> None:
        self._pushes = Since()
        self._current_a = 0.0
        self._said = False

    def check(self, view: View) -> Response:
        """Trip on a current that does not brake the table. Without a new frame the last word stands."""
        current_a, t = _current_a(view), view.telemetry
        if current_a is not None and t is not None:
            brakes = view.standing_s == 0.0 and current_a * (view.angles.rate_dps or 0.0) <= 0.0
            pushes = abs(current_a) > PUSHES_A and not brakes and not t.status & _TORQUE_ON
            self._said = self._pushes.held_s(pushes, view.now_s) >= PUSHES_S
            self._current_a = current_a
        if not self._said:
            return NONE
        return TORQUE_OFF if view.away else INHIBIT

    def detail(self, view: View) -> str:  # noqa: ARG002 - what was seen is remembered
        """Give the current."""
        return f"the torque is off, and the motor draws {self._current_a:.1f} A against the brake"

    def since_s(self, view: View) -> float:
        """When the current was first seen."""
        return self._pushes.since_s(view)
