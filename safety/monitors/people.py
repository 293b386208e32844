"""The people: who may ride, emergency stop, hand switch, ankle latch, time with the head down, and who watches."""

from math import inf
from typing import Final

from safety.monitors.base import Monitor, Since
from safety.signals import (
    ANKLE_LATCH,
    EMERGENCY_RETURN,
    HAND_SWITCH,
    INHIBIT,
    NONE,
    RETURN,
    TORQUE_OFF,
    Input,
    Recovery,
    Response,
)
from safety.view import View

CONTACT_S: Final = 0.02
"""A contact must say so for two frames: one bounce is no event."""

_ESTOP_CHAIN: Final = Input.ESTOP_CHAIN


class Screened(Monitor):
    """Nobody inverts whose questionnaire does not allow it, or who rests first; on a simulated table nobody lies."""

    id = "screening"
    hazard = "H-10"

    def check(self, view: View) -> Response:
        """Forbid inversion. Before the handshake nothing is known of the table, so it counts as a real one."""
        if view.screened or (view.config is not None and view.config.simulated):
            return NONE
        return INHIBIT

    def detail(self, view: View) -> str:  # noqa: ARG002 - health is nobody's business in a recording
        """Say so, and no more."""
        return "the rider's questionnaire, clearances or rest do not allow inversion"


class EmergencyStop(Monitor):
    """The hard-wired chain is open: the hardware cut the torque; software follows, reports, and waits for a person."""

    id = "emergency-stop"
    hazard = "H-15"
    recovery = Recovery.ON_REQUEST
    stops_recovery = True

    def check(self, view: View) -> Response:
        """Trip on the first frame: the hardware acted already."""
        t = view.telemetry
        if t is None or t.inputs & _ESTOP_CHAIN:
            return NONE
        return TORQUE_OFF

    def detail(self, view: View) -> str:
        """Say so."""
        where = "away from upright" if view.away else "at upright"
        return f"emergency-stop chain open, {where}"


class HandSwitch(Monitor):
    """The rider's own switch. Hold-to-run: let go and come up. Press-to-return: press and come up."""

    id = "hand-switch"
    hazard = "H-26"
    asks_recovery = True

    def __init__(self) -> None:
        self._away = Since()

    def check(self, view: View) -> Response:
        """Both contacts must agree on the one state that lets the table invert; anything else is a wish to return."""
        t = view.telemetry
        if t is None:
            return NONE
        wrong = HAND_SWITCH.reads(t.inputs) is not (view.hand_switch_mode == "hold-to-run")
        if not wrong and self._away.start_s is None:
            return NONE
        if self._away.held_s(wrong, view.now_s) < CONTACT_S:
            return NONE
        return EMERGENCY_RETURN if view.away else INHIBIT

    def detail(self, view: View) -> str:
        """Say what the contacts read."""
        if view.telemetry is None or HAND_SWITCH.reads(view.telemetry.inputs) is None:
            return "hand switch contacts contradict each other: broken wire or stuck contact"
        return "hand switch released" if view.hand_switch_mode == "hold-to-run" else "hand switch pressed"

    def since_s(self, view: View) -> float:
        """When the contacts first said so."""
        return self._away.since_s(view)


class Controls(Monitor):
    """A hand switch that is stuck or taped down brings nobody back: it has to be seen in both positions first."""

    id = "controls"
    hazard = "H-26"

    def __init__(self) -> None:
        self._held = Since()
        self._let_go = Since()
        self._seen_held = self._seen_let_go = False

    def check(self, view: View) -> Response:
        """Forbid inversion until the switch was seen held and let go, with both contacts of one mind each time."""
        t = view.telemetry
        if t is None or (self._seen_held and self._seen_let_go):
            return NONE
        if view.fresh:
            held, now_s = HAND_SWITCH.reads(t.inputs), view.now_s
            self._seen_held |= self._held.held_s(held is True, now_s) >= CONTACT_S
            self._seen_let_go |= self._let_go.held_s(held is False, now_s) >= CONTACT_S
        return NONE if self._seen_held and self._seen_let_go else INHIBIT

    def detail(self, view: View) -> str:
        """Say what the rider has to do."""
        missing = " and ".join(
            word for word, seen in (("held", self._seen_held), ("let go", self._seen_let_go)) if not seen
        )
        then = "let it go, then hold it" if view.hand_switch_mode == "hold-to-run" else "press it, then let it go"
        return f"the hand switch was not seen {missing} in this session: {then}"


class AnkleLatch(Monitor):
    """No inversion unless the ankle latch reads locked on both contacts; opening while inverted is an emergency."""

    id = "ankle-latch"
    hazard = "H-01"

    def __init__(self) -> None:
        self._open = Since()

    def check(self, view: View) -> Response:
        """Trip unless locked and not open."""
        t = view.telemetry
        if t is None:
            return NONE
        wrong = ANKLE_LATCH.reads(t.inputs) is not True
        if not wrong and self._open.start_s is None:
            return NONE
        if self._open.held_s(wrong, view.now_s) < CONTACT_S:
            return NONE
        return EMERGENCY_RETURN if view.away else INHIBIT

    def detail(self, view: View) -> str:
        """Say what the contacts read."""
        if view.telemetry is None or ANKLE_LATCH.reads(view.telemetry.inputs) is None:
            return "ankle latch contacts contradict each other: broken wire or stuck contact"
        return "ankle latch open"

    def since_s(self, view: View) -> float:
        """When the contacts first said so."""
        return self._open.since_s(view)


class TimeInverted(Monitor):
    """The rider's allowance of time above horizontal is used up."""

    id = "time-inverted"
    hazard = "H-09"

    def check(self, view: View) -> Response:
        """Return at the allowance, hurry after the grace."""
        allowance = view.limits.time_inverted_s
        if view.inverted_s <= allowance or not view.inverted:
            return NONE
        late = view.inverted_s > allowance + view.limits.time_inverted_grace_s
        return EMERGENCY_RETURN if late else RETURN

    def detail(self, view: View) -> str:
        """Give both times."""
        return f"{view.inverted_s:.0f} s inverted, allowance {view.limits.time_inverted_s:g} s"


class Presence(Monitor):
    """Somebody watches the panel: a session that a panel began to watch is never left without one.

    An age that is no age (NaN, negative, or none any more) is no sign of life, so the newest real one goes on ageing.
    """

    id = "presence"
    hazard = "H-19"

    def __init__(self) -> None:
        self._seen_s: float | None = None
        """When the newest sign of life was given; None while no panel watches."""

    def check(self, view: View) -> Response:
        """Return after the first time, hurry after the second; at upright nothing inverts."""
        age_s = view.request.presence_age_s
        if age_s is None and self._seen_s is None:
            return NONE
        if age_s is not None and age_s >= 0.0:  # NaN is not
            self._seen_s = view.now_s - age_s
        elif self._seen_s is None:
            self._seen_s = -inf
        silent_s = view.now_s - self._seen_s
        if silent_s <= view.limits.presence_s:
            return NONE
        if not view.away:
            return INHIBIT
        return EMERGENCY_RETURN if silent_s > view.limits.presence_late_s else RETURN

    def detail(self, view: View) -> str:
        """Say for how long nobody was there."""
        silent_s = view.now_s - self.since_s(view)
        told = f"no sign of life from the operator's panel for {silent_s:.1f} s, limit {view.limits.presence_s:g} s"
        return told if self._seen_s != -inf else "no sign of life from the operator's panel yet"

    def since_s(self, view: View) -> float:
        """When the newest sign of life was given; now, if there was none."""
        return view.now_s if self._seen_s is None or self._seen_s == -inf else self._seen_s
