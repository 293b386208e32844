"""Where the table is: do both angles agree, is each believable, is the table where it may be."""

from typing import Final

from safety.monitors.base import Monitor, Since, told
from safety.signals import EMERGENCY_RETURN, INHIBIT, NONE, RETURN, STOP, TORQUE_OFF, Input, Response, Status
from safety.view import CLOSED_DEG, CONTRADICT_DEG, CONTRADICT_S, View

STILL_INVERTING_DPS: Final = 0.5
_UPRIGHT_SWITCH: Final = Input.UPRIGHT_SWITCH
_INVERTED_SWITCH: Final = Input.INVERTED_SWITCH
_BRAKE_CLOSED: Final = Status.BRAKE_CLOSED


class AngleAgreement(Monitor):
    """Encoder and inclinometer part: stop, believe the one that fits the commanded motion, and recover on it."""

    id = "angle-agreement"
    hazard = "H-16"

    def __init__(self) -> None:
        self._apart = Since()

    def check(self, view: View) -> Response:
        """Trip on the difference, not while a channel is already known to be lost."""
        off = view.angles.disagreement_deg
        apart = off is not None and abs(off) > view.limits.disagree_deg
        if not apart and self._apart.start_s is None:
            return NONE
        if self._apart.held_s(apart, view.now_s) < view.limits.disagree_s:
            return NONE
        return STOP

    def detail(self, view: View) -> str:
        """Give both angles."""
        encoder, inclinometer = view.angles.encoder.value_deg, view.angles.inclinometer.value_deg
        limit_deg = view.limits.disagree_deg
        return f"encoder {encoder:.1f} deg, inclinometer {inclinometer:.1f} deg, limit {limit_deg:g} deg apart"

    def since_s(self, view: View) -> float:
        """When they began to be apart."""
        return self._apart.since_s(view)

    def on_trip(self, view: View) -> None:
        """Decide which of the two the recovery goes by."""
        view.angles.vote()


class AnglePlausibility(Monitor):
    """A channel is lost: with one left the session ends with a return, with none left the table creeps up blind."""

    id = "angle-plausibility"
    hazard = "H-16"
    clears_by_reset = True

    def check(self, view: View) -> Response:
        """Count the channels that are lost; one that has not spoken yet forbids inversion: it takes two."""
        angles = view.angles
        encoder, inclinometer = angles.encoder.lost, angles.inclinometer.lost
        if encoder or inclinometer:
            return STOP if encoder and inclinometer else RETURN
        both = angles.disagreement_deg is not None or view.telemetry is None
        return NONE if both else INHIBIT

    def detail(self, view: View) -> str:
        """Say which channel is lost and why."""
        channels = (view.angles.encoder, view.angles.inclinometer)
        lost = "; ".join(f"{channel.name} {channel.lost}" for channel in channels if channel.lost)
        return lost or "waiting for both angles"

    def since_s(self, view: View) -> float:
        """When the newest loss began."""
        lost = [channel.lost_since_s for channel in (view.angles.encoder, view.angles.inclinometer) if channel.lost]
        return max(lost, default=view.now_s)


class OverAngle(Monitor):
    """Beyond the active limit: out of inversion fast; if the table goes on inverting, the drive does not obey."""

    id = "over-angle"
    hazard = "H-06"

    def __init__(self) -> None:
        self._inverting = Since()

    def check(self, view: View) -> Response:
        """Trip on the worst angle that the measurements allow."""
        high, rate = view.angles.high_deg, view.angles.rate_dps
        over = high is not None and high > view.limits.inverted_limit_deg + view.limits.over_angle_deg
        if not over and self._inverting.start_s is None:
            return NONE
        inverting = over and rate is not None and rate > STILL_INVERTING_DPS
        if self._inverting.held_s(inverting, view.now_s) >= view.limits.over_angle_s:
            return TORQUE_OFF
        return EMERGENCY_RETURN if over else NONE

    def detail(self, view: View) -> str:
        """Give the angle and the limit."""
        seen = told(view.angles.high_deg, 1, "deg")
        return f"angle {seen}, limit {view.limits.inverted_limit_deg:g} + {view.limits.over_angle_deg:g} deg"

    def since_s(self, view: View) -> float:
        """When it was first seen to invert further; for being there, now."""
        return self._inverting.since_s(view)


class Standstill(Monitor):
    """The table drifts while it should stand: the brake slips or the drive does not hold."""

    id = "standstill"
    hazard = "H-03"
    asks_recovery = True

    def check(self, view: View) -> Response:
        """Trip on the distance from where the table came to rest."""
        if view.held_low_deg is None or _drift_deg(view) <= view.limits.standstill_deg:
            return NONE
        return EMERGENCY_RETURN if view.away else INHIBIT

    def detail(self, view: View) -> str:
        """Say how far it drifted."""
        return f"told to stand still, drifted by {_drift_deg(view):.1f} deg, limit {view.limits.standstill_deg:g} deg"


def _drift_deg(view: View) -> float:
    """How far the table moved since it came to rest; where one angle alone moved, it is the angle that drifted: 0."""
    held_low, held_high, low, high = view.held_low_deg, view.held_high_deg, view.angles.low_deg, view.angles.high_deg
    if held_low is None or held_high is None or low is None or high is None:
        return 0.0
    return max(low - held_high, held_low - high, 0.0)


class Switches(Monitor):
    """A limit switch contradicts the angles: one that is stuck would be the wrong witness when an angle is lost."""

    id = "switches"
    hazard = "H-16"

    def __init__(self) -> None:
        self._wrong = Since()

    def check(self, view: View) -> Response:
        """Judge both switches by both angles; open at upright is wrong only where the table stands on its brake."""
        t, high = view.telemetry, view.angles.high_deg
        if t is None or high is None or view.angles.angle_deg is None:
            return NONE
        upright_deg, inverted_deg = view.limits.upright_deg, view.board_limits.inverted_limit_deg
        if t.inputs & _UPRIGHT_SWITCH:
            wrong = view.switch_wrong
        else:
            wrong = high <= upright_deg + CLOSED_DEG and t.status & _BRAKE_CLOSED != 0
        wrong = wrong or (t.inputs & _INVERTED_SWITCH != 0 and high < inverted_deg - CONTRADICT_DEG)
        if not wrong and self._wrong.start_s is None:
            return NONE
        if self._wrong.held_s(wrong, view.now_s) < CONTRADICT_S:
            return NONE
        return RETURN if view.away else INHIBIT

    def detail(self, view: View) -> str:
        """Say what the switches read, and where the table is."""
        inputs = 0 if view.telemetry is None else view.telemetry.inputs
        upright, inverted = ("closed" if inputs & bit else "open" for bit in (_UPRIGHT_SWITCH, _INVERTED_SWITCH))
        where = told(view.angles.best_deg, 1, "deg")
        return f"upright switch {upright}, inverted switch {inverted}, angle {where}: a switch or its wire is broken"

    def since_s(self, view: View) -> float:
        """When they first contradicted."""
        return self._wrong.since_s(view)
