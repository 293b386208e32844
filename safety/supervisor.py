"""Responses: which is in force, what it does, what stays latched, and how a stopped rider is recovered.

The rules of this file:

* The strongest active response wins; a weaker one never overrides it.
* A trip of RETURN or stronger stays latched until the rider is upright and standing, its cause is gone, and the
  operator acknowledged. INHIBIT lasts as long as its cause.
* Every stop away from upright ends in a recovery, or in a hold that says what to do:

      FREE -> RETURNING -> BOARDED -> FREE
      FREE or RETURNING -> STOPPING -> HELD -> CREEPING -> BOARDED
      TORQUE_OFF goes to HELD at once
"""

from enum import IntEnum
from typing import Final

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
from safety.signals import Recovery, Response, Trip
from safety.view import View

STOPPING_AT_MOST_S: Final = 3.0
"""Even from the fastest rate the slowest guaranteed ramp is over by then, or the monitors have cut the torque."""
STRAYED_DEG: Final = 5.0
"""A boarded table this far from upright is brought back: more than two angles that disagree can make of it."""
OPERATOR: Final = "operator"
"""Stands in for a monitor's id where a person asked for the response."""


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


class Supervisor:
    """Keeps what is latched and what is under way."""

    __slots__ = (
        "_asked_recovery",
        "_attempts",
        "_entered_s",
        "_monitors",
        "active",
        "inhibited",
        "latched",
        "new_trips",
        "phase",
        "response",
        "returning",
        "torque_off",
    )

    def __init__(self) -> None:
        monitors = [make() for make in REGISTER]
        self._monitors = tuple((monitor, monitor.check) for monitor in monitors)
        self.phase = Phase.FREE
        self.response = Response.NONE
        """The strongest response that acted since the last time all was clear."""
        self.latched: dict[str, Trip] = {}
        self.active: dict[str, Monitor] = {}
        """Monitors whose condition holds in this tick."""
        self.inhibited: tuple[str, ...] = ()
        """Ids of the monitors that forbid motion toward inversion in this tick."""
        self.new_trips: list[Trip] = []
        self.returning: Returning | None = None
        self.torque_off = False
        self._asked_recovery = Recovery.AUTOMATIC
        self._attempts = 0
        self._entered_s = 0.0

    def judge(self, view: View) -> None:
        """Run every monitor on this tick's facts, latch what trips, start the response it calls for."""
        if self.new_trips:
            self.new_trips.clear()
        if self.active:
            self.active.clear()
            self.inhibited = ()
        nothing = Response.NONE
        for monitor, check in self._monitors:
            response = check(view)
            if response is not nothing:
                self.active[monitor.id] = monitor
                if response is Response.INHIBIT:
                    self.inhibited += (monitor.id,)
                else:
                    self._trip(monitor, response, view)
        if view.request.ask > Response.INHIBIT:
            self._ask(view)
        if view.request.acknowledge:
            self._acknowledge(view)

    def advance(self, view: View) -> None:
        """Let phases end that are over."""
        if self.phase == Phase.STOPPING:
            # Nothing may keep a stop from ending, not a rate that froze either: a recovery begins from HELD alone.
            if view.standing_s > 0.0 or view.now_s - self._entered_s > STOPPING_AT_MOST_S:
                self._enter(Phase.HELD, view)
        elif self.phase == Phase.HELD:
            self._leave_hold(view)
        elif self.phase in (Phase.RETURNING, Phase.CREEPING):
            self._advance_return(view)
        elif self.phase == Phase.BOARDED:
            self._advance_boarded(view)

    def _advance_boarded(self, view: View) -> None:
        best = view.angles.best_deg
        strayed = view.away and best is not None and best > view.limits.upright_deg + STRAYED_DEG
        if strayed and not self._motion_forbidden():
            # What is latched already trips no more: a rider whom a bad brake lets go is brought back from here.
            self._enter(Phase.CREEPING if self.response >= Response.STOP else Phase.RETURNING, view)
        elif not self.latched and view.request.ask <= Response.INHIBIT:
            self._enter(Phase.FREE, view)
            self.response = Response.NONE

    def _advance_return(self, view: View) -> None:
        returning = self.returning
        assert returning is not None
        if returning.stage == Stage.ARRIVED:
            self._enter(Phase.BOARDED, view)
        elif view.now_s > returning.deadline_s and view.command_mode is not None:
            detail = f"the return took longer than its budget of {returning.budget_s:.0f} s"
            self._latch("progress", Response.STOP, Recovery.AUTOMATIC, view.now_s - returning.budget_s, detail, view)
            self._respond(Response.STOP, view, again=True)

    @property
    def exhausted(self) -> bool:
        """Held still after the last recovery attempt: only a person can help now."""
        return self.phase == Phase.HELD and self._attempts < 0

    def plan(self, limits: Limits) -> ReturnPlan:
        """The way upright that the response in force calls for."""
        if self.response >= Response.STOP:
            return creep(limits)
        return emergency_return(limits) if self.response == Response.EMERGENCY_RETURN else normal_return(limits)

    def restart_return(self, view: View) -> None:
        """Begin the return anew from where the table is: it moved without our commands meanwhile."""
        if self.phase in (Phase.RETURNING, Phase.CREEPING):
            self.returning = Returning(self.plan(view.limits), view)

    def _trip(self, monitor: Monitor, response: Response, view: View) -> None:
        if monitor.recovery == Recovery.ON_REQUEST:
            self._asked_recovery = Recovery.ON_REQUEST
        known = self.latched.get(monitor.id)
        again = self.phase == Phase.CREEPING and monitor.stops_recovery and response >= Response.STOP
        if known is not None and response <= known.response and not again:
            return
        self._latch(monitor.id, response, monitor.recovery, monitor.since_s(view), monitor.detail(view), view)
        monitor.on_trip(view)
        self._respond(response, view, again=again)

    def _latch(
        self, name: str, response: Response, recovery: Recovery, since_s: float, detail: str, view: View
    ) -> None:
        encoder_deg, inclinometer_deg = view.angles.encoder.value_deg, view.angles.inclinometer.value_deg
        trip = Trip(name, response, recovery, view.now_s, since_s, detail, encoder_deg, inclinometer_deg)
        self.latched[name] = trip
        self.new_trips.append(trip)

    def _respond(self, response: Response, view: View, *, again: bool = False) -> None:
        if response <= self.response and not again:
            return
        self.response = max(response, self.response)
        if response == Response.TORQUE_OFF:
            self.torque_off = True
            self._enter(Phase.HELD, view)
        elif response == Response.STOP:
            self._enter(Phase.STOPPING, view)
        else:
            self._enter(Phase.RETURNING, view)

    def _ask(self, view: View) -> None:
        """A person, or the end of a program, asks for a response."""
        ask = view.request.ask
        if ask >= Response.STOP:
            self._asked_recovery = Recovery.ON_REQUEST
        self._respond(ask, view, again=ask >= Response.STOP and self.phase == Phase.CREEPING)

    def _acknowledge(self, view: View) -> None:
        """Clear what may be cleared: upright, standing, cause gone."""
        if not view.upright or view.standing_s <= 0.0:
            return
        view.angles.reset()
        for name in [name for name in self.latched if name not in self.active or self.active[name].clears_by_reset]:
            del self.latched[name]

    def _leave_hold(self, view: View) -> None:
        if self._motion_forbidden():
            return
        if view.upright and view.standing_s > 0.0:
            self.torque_off = False
            self._enter(Phase.BOARDED, view)
            return
        if view.request.recover:
            self._asked_recovery = Recovery.AUTOMATIC
            self._attempts = max(self._attempts, 0)
        if self._attempts < 0:
            return
        rested = view.now_s - self._entered_s >= view.limits.recovery_pause_s
        if view.request.recover or (rested and self._asked_recovery == Recovery.AUTOMATIC):
            self._creep(view)

    def _motion_forbidden(self) -> bool:
        return any(monitor.stops_recovery for monitor in self.active.values())

    def _creep(self, view: View) -> None:
        allowed = 1.0 if self.torque_off else view.limits.recovery_attempts
        if self._attempts >= allowed and not view.request.recover:
            self._attempts = -1
            return
        self._attempts += 1
        self.torque_off = False
        self._enter(Phase.CREEPING, view)

    def _enter(self, phase: Phase, view: View) -> None:
        self.phase = phase
        self._entered_s = view.now_s
        moving = phase in (Phase.RETURNING, Phase.CREEPING)
        self.returning = Returning(self.plan(view.limits), view) if moving else None
        if phase in (Phase.BOARDED, Phase.FREE):
            self._attempts = 0
            self._asked_recovery = Recovery.AUTOMATIC
