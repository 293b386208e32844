"""How the table moves: not faster than it may, and as it was told."""

from typing import Final

from safety.monitors.base import Monitor, Since
from safety.signals import CommandMode, Response
from safety.view import View

RUNAWAY_S: Final = 0.02
"""Twice the limit is believed after two frames."""
OPPOSITE_DPS: Final = 1.0
STOP_GRACE_S: Final = 0.3
"""Latency and the drive's lag on top of the ramp."""
PROGRESS_WINDOW_S: Final = 1.5
PROGRESS_DEG: Final = 1.0
PROGRESS_SHARE: Final = 0.4


def _fastest_dps(view: View) -> float:
    """The larger of the two independent rates, without sign; 0 if neither is known."""
    rate, table_rate = view.angles.rate_dps, view.angles.table_rate_dps
    fastest = 0.0 if rate is None else abs(rate)
    return fastest if table_rate is None else max(fastest, abs(table_rate))


class Overspeed(Monitor):
    """Faster than the motion in force allows, by either angle."""

    id = "overspeed"
    hazard = "H-03"
    stops_recovery = True

    def __init__(self) -> None:
        self._over = Since()
        self._far_over = Since()

    def check(self, view: View) -> Response:
        """Trip on the rate; on twice the limit cut the torque."""
        if not view.fresh:
            return Response.NONE
        limits, rate = view.limits, _fastest_dps(view)
        if rate <= view.rate_limit_dps:
            self._over.start_s = self._far_over.start_s = None
            return Response.NONE
        threshold = limits.overspeed_factor * view.rate_limit_dps + limits.overspeed_offset_dps
        far = self._far_over.held_s(rate > max(2.0 * view.rate_limit_dps, threshold), view.now_s)
        over = self._over.held_s(rate > threshold, view.now_s)
        if far >= RUNAWAY_S:
            return Response.TORQUE_OFF
        return Response.STOP if over >= limits.overspeed_s else Response.NONE

    def detail(self, view: View) -> str:
        """Give the rate and the limit."""
        return f"rate {_fastest_dps(view):.1f} deg/s, limit {view.rate_limit_dps:g} deg/s"


class Following(Monitor):
    """The table does not do what it was told: it is blocked, it slips, or it runs away."""

    id = "following"
    hazard = "H-12"
    stops_recovery = True

    def __init__(self) -> None:
        self._off = Since()
        self._opposite = Since()
        self._mode: CommandMode | None = None

    def check(self, view: View) -> Response:
        """Trip on the rate against the rate that the drive should have by now."""
        rate = view.angles.rate_dps
        if view.command_mode != self._mode:
            self._mode = view.command_mode
            self._off.start_s = None  # a stop that was just ordered gets its chance
        if not view.fresh or rate is None:
            return Response.NONE
        if view.command_mode == CommandMode.TORQUE_OFF:
            self._off.held_s(False, view.now_s)
            self._opposite.held_s(False, view.now_s)
            return Response.NONE
        expected = view.angles.expected_dps
        if abs(rate - expected) <= view.limits.following_dps and abs(rate) <= OPPOSITE_DPS:
            self._off.start_s = self._opposite.start_s = None
            return Response.NONE
        off = self._off.held_s(abs(rate - expected) > view.limits.following_dps, view.now_s)
        against = rate * view.command_dps < 0.0 and abs(rate) > OPPOSITE_DPS and rate * expected <= 0.0
        if self._opposite.held_s(against, view.now_s) >= view.limits.opposite_s:
            return Response.TORQUE_OFF
        if view.command_mode == CommandMode.HOLD:
            # A drive that does not even follow the ramp of a stop cannot be stopped by a ramp.
            return Response.TORQUE_OFF if off >= view.limits.following_s / 2.0 else Response.NONE
        return Response.STOP if off >= view.limits.following_s else Response.NONE

    def detail(self, view: View) -> str:
        """Give both rates."""
        rate = view.angles.rate_dps
        return f"rate {rate if rate is None else round(rate, 2)} deg/s, expected {view.angles.expected_dps:.2f} deg/s"


class StopTime(Monitor):
    """Told to stand still, but not standing when the ramp must be over: cut the torque (SS1-t)."""

    id = "stop-time"
    hazard = "H-03"
    stops_recovery = True

    def __init__(self) -> None:
        self._holding = Since()
        self._start_dps = 0.0

    def check(self, view: View) -> Response:
        """Trip when the time that the guaranteed deceleration needs is over."""
        if view.command_mode != CommandMode.HOLD:
            self._holding.start_s = None
            return Response.NONE
        rate = view.angles.rate_dps
        held_s = self._holding.held_s(True, view.now_s)
        if rate is None or not view.fresh:
            return Response.NONE
        if held_s == 0.0:
            self._start_dps = abs(rate)
        late = held_s > self._start_dps / view.limits.brake_accel_dps2 + STOP_GRACE_S
        return Response.TORQUE_OFF if late and abs(rate) > view.limits.following_dps else Response.NONE

    def detail(self, view: View) -> str:
        """Give the rate."""
        return f"told to stop, still turning at {view.angles.rate_dps:.1f} deg/s"


class Progress(Monitor):
    """Driven, but not getting anywhere, too slowly for ``following`` to see: never push on against a guard."""

    id = "progress"
    hazard = "H-23"
    stops_recovery = True

    def __init__(self) -> None:
        self._start_s: float | None = None
        self._start_deg = 0.0
        self._expected_deg = 0.0

    def check(self, view: View) -> Response:
        """Compare the distance made in a window with the distance that was commanded."""
        angle = view.angles.angle_deg
        if view.command_mode != CommandMode.MOVE or angle is None:
            self._start_s = None
            return Response.NONE
        if self._start_s is None:
            self._start_s, self._start_deg, self._expected_deg = view.now_s, angle, 0.0
        self._expected_deg += view.angles.expected_dps * view.dt_s
        if view.now_s - self._start_s < PROGRESS_WINDOW_S:
            return Response.NONE
        expected, made = self._expected_deg, angle - self._start_deg
        self._start_s = None
        stalled = abs(expected) > PROGRESS_DEG and made * expected < PROGRESS_SHARE * expected * expected
        return Response.STOP if stalled else Response.NONE

    def detail(self, view: View) -> str:
        """Say what was commanded."""
        return f"commanded {view.command_dps:.1f} deg/s for {PROGRESS_WINDOW_S:g} s, the table hardly moved"
