"""Responses: which is in force, what it does, what stays latched, and how a stopped rider is recovered.

The rules of this file:

* The strongest active response wins; a weaker one never overrides it.
* A trip of RETURN or stronger stays latched until the rider is upright and standing, its cause is gone, and the
  operator acknowledged. INHIBIT lasts as long as its cause.
* Every stop away from upright ends in a recovery, or in a hold that says what to do:

      FREE -> RETURNING -> BOARDED -> FREE
      FREE, RETURNING, CREEPING or BOARDED -> STOPPING -> HELD -> CREEPING -> BOARDED
      HELD -> BOARDED where the table stands upright already
      BOARDED -> RETURNING or CREEPING where it strays, or a person asks
      TORQUE_OFF goes to HELD at once
"""

from enum import IntEnum
from typing import Final

from safety.attempts import Attempts
from safety.limits import Limits
from safety.monitors import REGISTER, Monitor
from safety.returning import (
    Returning,
    ReturnPlan,
    Stage,
    creep,
    emergency_return,
    normal_return,
)
from safety.signals import EMERGENCY_RETURN, INHIBIT, NONE, STOP, TORQUE_OFF, Recovery, Response, Trip
from safety.view import View

STOPPING_AT_MOST_S: Final = 3.0
"""Longer than any ramp at 3 deg/s2 or more; a slower one goes on in HELD, which commands the same."""
STANDS_S: Final = 0.3
"""So long a table that turned has to be still before it is said to stand."""
COASTS_AT_MOST_S: Final = 2.0
"""A recovery waits so much longer for a table that still turns: a rate that lies must not keep it waiting."""
BACK_OFF_S: Final = 0.3
"""So long the table stands on its brake before it turns back from a load: the drive lets go of what it pushed with."""
LOAD_TORQUE_FRACTION: Final = 0.85
"""A stop because of a load holds it with less than it was pushed with, until the brake does. With as little as a
recovery has, a springy one pushed the table back."""
STRAYED_DEG: Final = 5.0
"""A boarded table this far from upright is brought back: more than two angles that disagree can make of it."""

RETURN_LATE: Final = "return-late"
"""A return took longer than its budget."""
WRONG_WAY: Final = "recovery-wrong-way"
"""A recovery turned the table toward inversion."""
OWN_TRIPS: Final = (RETURN_LATE, WRONG_WAY)
"""Ids of what the supervisor latches by itself: it judges the ways upright that it orders, and no monitor does."""


class Phase(IntEnum):
    """What the supervisor is doing."""

    FREE = 0
    """Following requests."""
    RETURNING = 1
    STOPPING = 2
    HELD = 3
    """Standing on the brake, torque off, away from upright or with a trip latched."""
    CREEPING = 4
    """The recovery: upright slowly, with reduced torque."""
    BOARDED = 5
    """Returned: upright and standing, waiting for what is latched to be cleared."""


FREE: Final = Phase.FREE
CREEPING: Final = Phase.CREEPING


class Supervisor:
    """Keeps what is latched and what is under way."""

    __slots__ = (
        "_asked_recovery",
        "_attempts",
        "_cut_by_monitor",
        "_dry",
        "_entered_s",
        "_lost_angles",
        "_monitors",
        "_pressed",
        "_rider_asked",
        "_starved",
        "_stopped",
        "_stopped_before",
        "_turns_back",
        "acknowledged",
        "active",
        "inhibited",
        "latched",
        "new_trips",
        "phase",
        "response",
        "returning",
        "torque_fraction",
        "torque_off",
    )

    def __init__(self) -> None:
        monitors = [make() for make in REGISTER]
        self._monitors = tuple((monitor, monitor.check) for monitor in monitors)
        self.phase = Phase.FREE
        self.response = NONE
        """The strongest response that acted since the last time all was clear."""
        self.latched: dict[str, Trip] = {}
        self.active: dict[str, Monitor] = {}
        """Monitors whose condition holds in this tick."""
        self.inhibited: tuple[str, ...] = ()
        """Ids of the monitors that forbid motion toward inversion in this tick."""
        self.new_trips: list[Trip] = []
        self.acknowledged = False
        """The operator's acknowledgement took effect in this tick."""
        self.returning: Returning | None = None
        self.torque_off = False
        self.torque_fraction = 1.0
        """Less in a recovery, in the stop that ended one, and because of a load: what is pushed must not leap free."""
        self._asked_recovery = Recovery.AUTOMATIC
        self._attempts = Attempts()
        self._cut_by_monitor = False
        """The torque is off because of what a monitor saw, and not, or not only, because a person wants it off."""
        self._starved = False
        """The recoveries were given up, and power was wanting."""
        self._dry = False
        """Power was wanting at some time since they began."""
        self._pressed = False
        """A person asked for the way upright while the rider is held, and nothing came of it yet."""
        self._turns_back = False
        """The stop in force is one to turn back from without a pause."""
        self._stopped: tuple[str, ...] = ()
        """Ids of the monitors that call for a stop in this tick, ..."""
        self._stopped_before: tuple[str, ...] = ()
        """... and in the one before."""
        self._lost_angles = 0
        self._entered_s = 0.0
        self._rider_asked = True
        """A monitor that asks for a recovery was active already: only what begins while the rider is held counts."""

    def judge(self, view: View) -> None:
        """Run every monitor on this tick's facts, latch what trips, start the response it calls for."""
        self.acknowledged = False
        self._stopped_before, self._stopped = self._stopped, ()
        if self.new_trips:
            self.new_trips.clear()
        if self.active:
            self.active.clear()
            self.inhibited = ()
        for monitor, check in self._monitors:
            response = check(view)
            if response is not NONE:
                self.active[monitor.id] = monitor
                if response is INHIBIT:
                    self.inhibited += (monitor.id,)
                else:
                    self._trip(monitor, response, view)
        if view.request.ask > INHIBIT:
            self._ask(view)
        if view.acknowledge:
            self._acknowledge(view)

    def advance(self, view: View) -> None:
        """Let phases end that are over."""
        if self.phase is FREE:
            return
        if view.angles.lost_angles != self._lost_angles:
            self._lost_angles = view.angles.lost_angles
            if self.returning is not None:
                self.returning.look_again()
            if not self._would_be_blind(view):
                self._attempts.learnt_of_an_angle()
        if self.phase is CREEPING:
            self._attempts.watch(view)
        self._dry = self._dry or self._lacks_power()
        if self.phase == Phase.STOPPING:
            # Nothing may keep a stop from ending, not a rate that froze either: a recovery begins from HELD alone.
            if view.recover:
                self._asked_recovery = Recovery.AUTOMATIC
            if view.standing_s > 0.0 or view.now_s - self._entered_s > STOPPING_AT_MOST_S:
                self._enter(Phase.HELD, view)
        elif self.phase == Phase.HELD:
            self._leave_hold(view)
        elif self.phase in (Phase.RETURNING, Phase.CREEPING):
            self._advance_return(view)
        else:
            self._advance_boarded(view)

    def _advance_boarded(self, view: View) -> None:
        best = view.angles.best_deg
        strayed = view.away and best is not None and best > view.limits.upright_deg + STRAYED_DEG
        if (strayed or (view.away and view.recover)) and not self._motion_forbidden():
            # What is latched already trips no more: a rider whom a bad brake lets go is brought back from here, by
            # itself from far off, and from near by where a person asks for it.
            self._enter(Phase.CREEPING if self.response >= STOP else Phase.RETURNING, view)
        elif not self.latched and view.request.ask <= INHIBIT and not view.request.rate_dps:
            # A reset never starts motion: a rate that was asked for all the time has to be asked for again.
            self._enter(Phase.FREE, view)
            self.response = NONE

    def _advance_return(self, view: View) -> None:
        returning = self.returning
        assert returning is not None
        if returning.stage == Stage.ARRIVED:
            self._enter(Phase.BOARDED, view)
        elif self.phase is CREEPING and self._turns_down(view):
            # No monitor has the time to see it where a line fails again and again, nor an angle where both are lost.
            detail = "the recovery turned the table toward inversion"
            self._latch(WRONG_WAY, TORQUE_OFF, Recovery.AUTOMATIC, self._entered_s, detail, view)
            self._attempts.give_up()
            self._respond(TORQUE_OFF, view, again=True)
        elif view.command_mode is None:
            # What the table does now is not by our commands: go on from wherever it is when it listens again.
            self.returning = returning.anew(view)
        elif view.now_s > returning.deadline_s:
            detail = f"the return took longer than its budget of {returning.budget_s:.0f} s"
            self._latch(RETURN_LATE, STOP, Recovery.AUTOMATIC, view.now_s - returning.budget_s, detail, view)
            self._respond(STOP, view, again=True)

    def _turns_down(self, view: View) -> bool:
        """The angle that is left may have jumped: it alone counts only where the line gives no monitor the time."""
        attempts = self._attempts
        return attempts.both_say_turned_down(view) or (view.command_mode is None and attempts.turned_down(view))

    @property
    def exhausted(self) -> bool:
        """Held still after the last recovery attempt: only a person can help now."""
        return self.phase == Phase.HELD and self._attempts.count < 0

    @property
    def waits_for_a_person(self) -> bool:
        """Held still until the person who ordered it, or the rider, asks for the way upright."""
        return self.phase == Phase.HELD and self._asked_recovery == Recovery.ON_REQUEST

    def plan(self, limits: Limits) -> ReturnPlan:
        """The way upright that the response in force calls for."""
        if self.response >= STOP:
            return creep(limits)
        return emergency_return(limits) if self.response == EMERGENCY_RETURN else normal_return(limits)

    def the_board_returns(self) -> None:
        """The board moves the table upright by itself: it can be moved after all, so a recovery may be tried again."""
        self._attempts.may_be_tried_again()

    def _trip(self, monitor: Monitor, response: Response, view: View) -> None:
        if response >= STOP:
            self._stopped += (monitor.id,)
        if monitor.recovery == Recovery.ON_REQUEST:
            self._a_person_stops()
        known = self.latched.get(monitor.id)
        again = self._acts_again(monitor, response)
        if known is not None and response <= known.response and not again:
            return
        self._latch(monitor.id, response, monitor.recovery, monitor.since_s(view), monitor.detail(view), view)
        seen = view.angles.angle_deg is not None and not view.angles.rate_shakes
        self._attempts.cut_by_motion |= response is TORQUE_OFF and monitor.recovery is Recovery.AUTOMATIC and seen
        monitor.on_trip(view)
        self._respond(response, view, again=again)
        if monitor.turns_back and self.phase is Phase.STOPPING:
            self.torque_fraction = min(self.torque_fraction, LOAD_TORQUE_FRACTION)
            self._turns_back = self._turns_back or view.command_dps > 0.0

    def _acts_again(self, monitor: Monitor, response: Response) -> bool:
        """Act on a motion that is under way, although as strong a response has acted before it."""
        if response is TORQUE_OFF:
            return self.phase in (Phase.CREEPING, Phase.STOPPING, Phase.BOARDED)
        if self.phase is not Phase.CREEPING or response is not STOP:
            return False
        # What was there when the recovery began is what it recovers from, unless it forbids powered motion.
        return monitor.stops_recovery or monitor.id not in self._stopped_before

    def _latch(
        self, name: str, response: Response, recovery: Recovery, since_s: float, detail: str, view: View
    ) -> None:
        encoder_deg, inclinometer_deg = view.angles.encoder.value_deg, view.angles.inclinometer.value_deg
        began_s = view.clock_s - (view.now_s - since_s)
        trip = Trip(name, response, recovery, view.clock_s, began_s, detail, encoder_deg, inclinometer_deg)
        self.latched[name] = trip
        self.new_trips.append(trip)
        self._cut_by_monitor = self._cut_by_monitor or (response is TORQUE_OFF and recovery is Recovery.AUTOMATIC)

    def _a_person_stops(self) -> None:
        self._asked_recovery = Recovery.ON_REQUEST
        if self.phase is CREEPING:
            self._attempts.interrupted()

    def _respond(self, response: Response, view: View, *, again: bool = False) -> None:
        if response <= self.response and not again:
            return
        self.response = max(response, self.response)
        if response >= STOP:
            view.angles.stop_ordered()
        if response == TORQUE_OFF:
            self.torque_off = True
            self._enter(Phase.HELD, view)
        elif response == STOP:
            self._enter(Phase.STOPPING, view)
        else:
            self._enter(Phase.RETURNING, view)

    def _ask(self, view: View) -> None:
        """A person, or the end of a program, asks for a response."""
        ask = view.request.ask
        if ask >= STOP:
            self._a_person_stops()
        self._respond(ask, view, again=ask >= STOP and self.phase == Phase.CREEPING)

    def _acknowledge(self, view: View) -> None:
        """Clear what may be cleared: upright, standing, cause gone."""
        if not view.upright or view.standing_s <= 0.0:
            return
        self.acknowledged = True
        view.switch_lies = False
        agree = view.angles.agree(view.telemetry, view.limits)
        if agree:
            view.angles.reset()
        for name in [*self.latched]:
            if name not in self.active or (agree and self.active[name].clears_by_reset):
                del self.latched[name]

    def _leave_hold(self, view: View) -> None:
        if self._motion_forbidden():
            return
        if view.upright and view.standing_s > 0.0:
            self.torque_off = self._cut_by_monitor = False
            self._enter(Phase.BOARDED, view)
            return
        if view.recover and not self._attempts.made_it_worse(view):
            self._attempts.may_be_tried_again()
            self._pressed = True
        if self._starved and not self._lacks_power():
            self._starved = self._dry = False
            self._attempts.may_be_tried_again()
        if view.recover or self._rider_asks():
            self._asked_recovery = Recovery.AUTOMATIC
        if self._attempts.count < 0:
            return
        # A table without a brake coasts: a drive that pulls at one that turns may turn it the other way.
        coasts = view.standing_s < STANDS_S and view.braked_s <= 0.0
        pause_s = view.limits.recovery_pause_s + (COASTS_AT_MOST_S if coasts else 0.0)
        rested = view.now_s - self._entered_s >= pause_s
        # What holds the table may be the load: its drive pushes until the brake is closed, not until nothing turns.
        rested = rested or (self._turns_back and view.braked_s >= BACK_OFF_S)
        # What was tried already is tried again from rest: a key that repeats itself gives a drive no time to stop.
        at_once = self._pressed and not self._attempts.begun and not coasts
        if at_once or (rested and self._asked_recovery == Recovery.AUTOMATIC):
            self._creep(view)

    def _rider_asks(self) -> bool:
        """The held rider uses the hand switch, or the brake lets go: both mean that standing still helps no more."""
        asks, before = any(monitor.asks_recovery for monitor in self.active.values()), self._rider_asked
        self._rider_asked = asks
        return asks and not before

    def _would_be_blind(self, view: View) -> bool:
        """Tell whether nobody would see where a recovery takes the rider, with a drive whose torque had to be cut."""
        return view.angles.angle_deg is None and self._attempts.cut_by_motion

    def _lacks_power(self) -> bool:
        return any(monitor.lacks_power for monitor in self.active.values())

    def _motion_forbidden(self) -> bool:
        return any(monitor.stops_recovery for monitor in self.active.values())

    def _creep(self, view: View) -> None:
        attempts = self._attempts
        attempts.weigh(view)
        allowed = 1.0 if self._cut_by_monitor else view.limits.recovery_attempts
        worse = attempts.made_it_worse(view)
        blind = self._would_be_blind(view)
        if (attempts.count >= allowed or worse or blind) and not self._pressed:
            attempts.ran_away = attempts.ran_away or (self.torque_off and attempts.went_astray(view))
            if worse or attempts.ran_away or not view.angles.doubt_encoder():
                self._starved = self._dry and not worse and not attempts.ran_away
                attempts.give_up()
                return
            self._lost_angles = view.angles.lost_angles  # once more, and no more
        attempts.begin(view)
        self.torque_off = self._cut_by_monitor = False
        self._enter(Phase.CREEPING, view)

    def _enter(self, phase: Phase, view: View) -> None:
        self.phase = phase
        self._entered_s = view.now_s
        self._turns_back = self._turns_back and phase is Phase.HELD
        self._rider_asked = True
        self._pressed = False
        if phase is CREEPING or (phase is Phase.HELD and self.torque_fraction < 1.0):
            self.torque_fraction = view.limits.creep_torque_fraction
        elif phase is not Phase.STOPPING:
            self.torque_fraction = 1.0
        moving = phase in (Phase.RETURNING, Phase.CREEPING)
        self.returning = Returning(self.plan(view.limits), view) if moving else None
        if phase in (Phase.BOARDED, Phase.FREE):
            self._attempts.forget()
            self._starved = self._dry = False
            self._asked_recovery = Recovery.AUTOMATIC
