"""How the table moves: not faster than it may, and as it was told."""

from typing import Final

from safety.monitors.base import Monitor, Since, told
from safety.signals import BOARD_WATCHDOG_S, NONE, STOP, TORQUE_OFF, CommandMode, Response, Status
from safety.view import View

_MOVE: Final = CommandMode.MOVE
_HOLD: Final = CommandMode.HOLD
_OFF: Final = CommandMode.TORQUE_OFF
_BRAKE_CLOSED: Final = Status.BRAKE_CLOSED

RATE_PER_NOISE: Final = 20.0
"""deg/s that noise of 1 deg (``Channel.noise_deg``) may make of the inclinometer's rate: three standard deviations."""
RUNAWAY_S: Final = 0.02
"""Twice the limit is believed after two frames."""
HEAD_UP_DEG: Final = -1.0
"""From here on a rider is tilted upright: above it a fast return still comes to rest at horizontal."""
HEAD_UP_TORQUE_OFF_S: Final = 0.1
"""Head-up, a drive whose stop has not made the table slower by then does not obey: 0.3 s are promised in all."""
OPPOSITE_DPS: Final = 1.0
STOP_GRACE_S: Final = 0.3
"""Latency and the drive's lag on top of the ramp."""
BRAKE_GRACE_S: Final = 0.7
"""After the ramp of a stop the drive settles, closes the brake and says so."""
BRAKED_S: Final = 0.3
"""On its closed brake a table is driven no longer: a frame or two of a rate that shakes are no table that turns."""
PROGRESS_WINDOW_S: Final = 1.5
PROGRESS_DEG: Final = 1.0
PROGRESS_SHARE: Final = 0.4
STOOD_DPS: Final = 0.1
"""By an angle that changes more slowly the table stands."""
MOTOR_SHARE: Final = 0.5
"""A motor that turns as it was told, give or take this share of the rate, is not held, and its rate is no noise."""
TILT_MARGIN_DPS: Final = 0.5
"""What is added head-up: returns go at their own rates there, however slow a file wants a session to be."""
STRAYS_DEG: Final = 1.5
"""Far enough beyond what latency and lag can make of a command within one window."""


def _believed_dps(view: View) -> float:
    """The motor's rate, or the table's less its noise where that is larger and the angles part; without sign.

    The table may be faster than its motor where the load path broke. 0 if neither rate is known.
    """
    angles = view.angles
    fastest, table_rate = abs(angles.rate_dps or 0.0), abs(angles.table_rate_dps or 0.0)
    table_rate -= RATE_PER_NOISE * angles.inclinometer.noise_deg
    return table_rate if angles.parting and table_rate > fastest else fastest


def _tilting_dps(view: View) -> float:
    """How fast a rider may come from horizontal to upright, by what was told: little is added where people faint."""
    limits, angles = view.limits, view.angles
    fastest = max(-angles.expected_dps, limits.head_up_rate_dps) + TILT_MARGIN_DPS
    return fastest + (RATE_PER_NOISE * angles.inclinometer.noise_deg if angles.encoder.lost else 0.0)


def _tilts_up(view: View) -> bool:
    best, measured = view.angles.best_deg, view.angles.rate_dps
    return best is not None and best < HEAD_UP_DEG and measured is not None and measured < 0.0


def _most_dps(view: View) -> float:
    """Above this the table is too fast."""
    most = view.limits.overspeed_factor * view.rate_limit_dps + view.limits.overspeed_offset_dps
    return min(most, _tilting_dps(view)) if _tilts_up(view) else most


def _doubt_last_angle(view: View, made_dps: float, told_dps: float) -> None:
    """Where the inclinometer is the last angle, and the motor turns as it was told, it is the angle that is wrong.

    Only where it stands or falls behind, never where it goes the other way: then it may be the only one to see a drive
    that turns the wrong way. And a motor that is held by an obstacle does not turn.
    """
    t, angles = view.telemetry, view.angles
    if t is None or t.rate_dps is None or not angles.encoder.lost:
        return
    share = MOTOR_SHARE * told_dps * told_dps
    turns = share < t.rate_dps * told_dps < told_dps * told_dps + share  # written so that NaN fails it
    if turns and (abs(made_dps) < STOOD_DPS or 0.0 < made_dps * told_dps < told_dps * told_dps):
        angles.drop_inclinometer()


class Overspeed(Monitor):
    """Faster than the motion in force allows, by either angle."""

    id = "overspeed"
    hazard = "H-03"
    stops_recovery = True

    def __init__(self) -> None:
        self._over = Since()
        self._far_over = Since()
        self._said = NONE

    def check(self, view: View) -> Response:
        """Trip on the rate; on twice the limit cut the torque. Without a new frame the last word stands."""
        if view.fresh:
            self._said = self._judge(view)
        return self._said

    def _judge(self, view: View) -> Response:
        rate, threshold, tilts_up = _believed_dps(view), _most_dps(view), _tilts_up(view)
        if rate <= threshold and self._over.start_s is None:
            return NONE
        far = self._far_over.held_s(rate > max(2.0 * view.rate_limit_dps, threshold), view.now_s)
        over = self._over.held_s(rate > threshold, view.now_s)
        if far >= RUNAWAY_S or (tilts_up and over >= HEAD_UP_TORQUE_OFF_S):
            return TORQUE_OFF
        return STOP if over >= view.limits.overspeed_s else NONE

    def detail(self, view: View) -> str:
        """Give the rate, which angle says so, and the limit."""
        rate_dps, motor_dps = _believed_dps(view), view.angles.rate_dps
        parts = motor_dps is not None and rate_dps != abs(motor_dps)
        source = f" by the inclinometer, {abs(motor_dps or 0.0):.1f} by the motor" if parts else ""
        return f"rate {rate_dps:.1f} deg/s{source}, limit {_most_dps(view):.2f} deg/s"

    def since_s(self, view: View) -> float:
        """When it became too fast."""
        return self._over.since_s(view)


class Following(Monitor):
    """The table does not do what it was told: it is blocked, it slips, or it runs away."""

    id = "following"
    hazard = "H-12"
    stops_recovery = True

    def __init__(self) -> None:
        self._off = Since()
        self._opposite = Since()
        self._mode: CommandMode | None = None
        self._said = NONE

    def check(self, view: View) -> Response:
        """Trip on the rate against the rate the drive should have by now. Without a new frame the last word stands."""
        if view.command_mode is not self._mode:
            self._mode = view.command_mode
            self._off.clear()  # a stop that was just ordered gets its chance
        if view.fresh:
            self._said = self._judge(view)
        return self._said

    def _judge(self, view: View) -> Response:
        rate, expected = view.angles.rate_dps, view.angles.expected_dps
        if rate is None or view.command_mode is _OFF:
            self._off.clear()
            self._opposite.clear()
            return NONE
        remembers = self._off.start_s is not None or self._opposite.start_s is not None
        if not remembers and abs(rate - expected) <= view.limits.following_dps and abs(rate) <= OPPOSITE_DPS:
            return NONE
        off = self._off.held_s(abs(rate - expected) > view.limits.following_dps, view.now_s)
        against = rate * view.command_dps < 0.0 and abs(rate) > OPPOSITE_DPS and rate * expected <= 0.0
        if self._opposite.held_s(against, view.now_s) >= view.limits.opposite_s:
            return TORQUE_OFF
        if view.command_mode is _HOLD:
            # A drive that does not even follow the ramp of a stop cannot be stopped by a ramp.
            return TORQUE_OFF if off >= view.limits.following_s / 2.0 else NONE
        return STOP if off >= view.limits.following_s else NONE

    def detail(self, view: View) -> str:
        """Give both rates."""
        return f"rate {told(view.angles.rate_dps, 2, 'deg/s')}, expected {view.angles.expected_dps:.2f} deg/s"

    def since_s(self, view: View) -> float:
        """When the rate left what was expected."""
        return min(self._off.since_s(view), self._opposite.since_s(view))

    def on_trip(self, view: View) -> None:
        """See whether it is the angle that is wrong."""
        _doubt_last_angle(view, view.angles.rate_dps or 0.0, view.angles.expected_dps)


class StopTime(Monitor):
    """Told to stand still, but not standing on the brake when the ramp must be over: cut the torque (SS1-t)."""

    id = "stop-time"
    hazard = "H-03"
    stops_recovery = True

    def __init__(self) -> None:
        self._holding = Since()
        self._off = Since()
        self._open = Since()
        self._turns = Since()
        self._contact_lost = False
        """Without power the brake closes by its spring: a drive that does not say so even then is not believed."""
        self._start_dps = 0.0
        self._said = NONE

    def check(self, view: View) -> Response:
        """Trip when the time that the ramp needs is over. Without a new frame the last word stands."""
        if view.command_mode is not _HOLD:
            for since in (self._holding, self._turns, self._open):
                since.clear()
            self._said = NONE
            self._watch_contact(view)
            return NONE
        self._off.clear()
        held_s = self._holding.held_s(True, view.now_s)
        t, angles = view.telemetry, view.angles
        rate = abs(angles.rate_dps or 0.0)
        # A rate that is made from an angle shakes with it: on its closed brake a table that stands seemed to turn.
        shakes = RATE_PER_NOISE * angles.inclinometer.noise_deg if angles.encoder.lost else 0.0
        if held_s == 0.0:  # whether or not a frame came just now: a ramp from the last stop's rate would be too short
            self._start_dps = max(rate, abs(angles.expected_dps))
            self._open.held_s(True, view.now_s)
        if view.fresh and t is not None:
            over_s = held_s - self._start_dps / view.limits.brake_accel_dps2
            turning = over_s > STOP_GRACE_S and rate > view.limits.following_dps + shakes
            # A drive whose rate lies never comes to rest by it: then it holds nothing, it moves the table.
            closed = t.status & _BRAKE_CLOSED != 0
            # Where the line kept a host from being heard, the board moved the table, and has to stop it anew.
            open_s = self._open.held_s(not closed, view.now_s)
            unbraked = min(over_s, open_s) > BRAKE_GRACE_S and not self._contact_lost
            turned_s = self._turns.held_s(turning, view.now_s)
            disobeys = turning and (not closed or turned_s >= BRAKED_S)
            self._said = TORQUE_OFF if disobeys or unbraked else NONE
        return self._said

    def _watch_contact(self, view: View) -> None:
        t = view.telemetry
        without = view.command_mode is _OFF and t is not None and not t.status & _BRAKE_CLOSED
        if self._off.held_s(without, view.now_s) > BRAKE_GRACE_S:
            self._contact_lost = True

    def detail(self, view: View) -> str:
        """Give the rate, and what the brake does."""
        t = view.telemetry
        brake = "closed" if t is not None and t.status & _BRAKE_CLOSED else "not closed"
        return f"told to stand: rate {told(view.angles.rate_dps, 1, 'deg/s')}, brake {brake}"

    def since_s(self, view: View) -> float:
        """When it was told to stop."""
        return self._holding.since_s(view)


class Progress(Monitor):
    """Driven, but not going where it was told, too slowly for ``following`` to see: never push on against a guard."""

    id = "progress"
    hazard = "H-23"
    stops_recovery = True

    def __init__(self) -> None:
        self._start_s: float | None = None
        self._since_s = 0.0
        self._start_deg = 0.0
        self._expected_deg = 0.0
        self._made_deg = 0.0

    def check(self, view: View) -> Response:
        """Compare the distance made in a window with the distance that was commanded."""
        angle = view.angles.angle_deg
        if view.command_mode is not _MOVE or angle is None:
            self._start_s = None
            return NONE
        if self._start_s is None or view.dt_s > BOARD_WATCHDOG_S:  # after such a gap nobody knows what it was told
            self._start_s, self._start_deg, self._expected_deg = view.now_s, angle, 0.0
        self._expected_deg += view.angles.expected_dps * view.dt_s
        if view.now_s - self._start_s < PROGRESS_WINDOW_S:
            return NONE
        self._since_s, self._made_deg, self._start_s = self._start_s, angle - self._start_deg, None
        expected, made = self._expected_deg, self._made_deg
        stalled = abs(expected) > PROGRESS_DEG and made * expected < PROGRESS_SHARE * expected * expected
        strays = abs(made - expected) > STRAYS_DEG + PROGRESS_SHARE * abs(expected)
        return STOP if stalled or strays else NONE

    def detail(self, view: View) -> str:
        """Give both distances."""
        return (
            f"commanded {view.command_dps:.1f} deg/s, in {PROGRESS_WINDOW_S:g} s the table made {self._made_deg:.1f} "
            f"deg where {self._expected_deg:.1f} deg were expected"
        )

    def since_s(self, view: View) -> float:
        """When the window began."""
        return min(self._since_s, view.now_s)

    def on_trip(self, view: View) -> None:
        """See whether it is the angle that is wrong."""
        _doubt_last_angle(view, self._made_deg / PROGRESS_WINDOW_S, self._expected_deg / PROGRESS_WINDOW_S)
