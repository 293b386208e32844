"""The controller: one pure tick from measurements and requests to what the drive may do.

No thread, no clock, no port: the same object runs in real time on a serial port, in lock-step against the simulator,
and in a replay, where it must give the same commands bit for bit.
"""

from typing import Final

from firmware_host.control.manual import TOWARD, ManualMotion
from firmware_host.control.motion import MotionError
from firmware_host.control.operating_states import OperatingStates
from firmware_host.control.outcome import PROGRAM_FINISHED, Outcome, each_once, outcome_name, outcome_reason
from firmware_host.control.plan import Move, Plan
from firmware_host.control.presses import FreshPress
from firmware_host.control.runner import Runner
from firmware_host.control.ticks import NO_REQUEST, Event, OperatorRequest, TickInput, TickOutput
from safety.alarms import Alarms, Priority
from safety.layer import SafetyState, Verdict, step
from safety.limits import Limits
from safety.returning import Stage
from safety.signals import MotionRequest, Response
from safety.supervisor import Phase
from safety.view import HandSwitchMode

_NOTHING: Final = MotionRequest()
_RETURN: Final = MotionRequest(ask=Response.RETURN)


class Controller:
    """Runs one session of one rider."""

    __slots__ = (
        "_asked_return",
        "_events",
        "_inhibited",
        "_last_now_s",
        "_late",
        "_linked",
        "_manual",
        "_moved",
        "_operator_stopped",
        "_plan",
        "_runner",
        "_start_button",
        "_started",
        "_strongest",
        "_trip_ids",
        "alarms",
        "safety",
        "states",
    )

    def __init__(
        self, plan: Plan, limits: Limits, table_limits: Limits, hand_switch: HandSwitchMode, *, screened: bool
    ) -> None:
        """Prepare a session.

        Args:
            plan: the program, laid out and found to fit.
            limits: the session's limits.
            table_limits: the table's own, which the board must hold a copy of.
            hand_switch: what the rider's hand switch means on this table.
            screened: nothing was found against this rider.
        """
        self.safety = SafetyState(limits, table_limits, hand_switch, screened=screened)
        self.states = OperatingStates()
        self.alarms = Alarms()
        self._plan = plan
        self._runner = Runner(plan)
        self._manual = ManualMotion(limits)
        self._start_button = FreshPress()
        self._started = False
        self._moved = False
        self._asked_return = False
        self._operator_stopped = False
        self._strongest = Response.NONE
        self._trip_ids: list[str] = []
        self._events: list[Event] = []
        self._inhibited: tuple[str, ...] = ()
        self._linked = False
        self._late = False
        self._last_now_s: float | None = None

    def tick(self, tick_input: TickInput) -> TickOutput:
        """Decide one tick."""
        now_s, telemetry, config, lateness_s, operator = tick_input
        last_now_s, self._last_now_s = self._last_now_s, now_s
        state_before = self.states.state
        if operator is NO_REQUEST and not self.states.in_session and not self._manual.asked:
            request = _NOTHING
        else:
            dt_s = 0.0 if last_now_s is None else max(now_s - last_now_s, 0.0)
            request = self._request(operator, dt_s, now_s)
            if operator.presence_age_s is not None:
                request = request._replace(presence_age_s=operator.presence_age_s)
        verdict = step(self.safety, now_s, telemetry, config, lateness_s, request)
        self._follow(verdict, now_s)
        view = self.safety.view
        # By the safety layer's time: a clock that is put back must neither prolong a pause nor restart a wait.
        if self.alarms.update(view.now_s, self.safety.supervisor, view, linked=self._linked):
            self._tell_alarms(now_s)
        if self._linked and (lateness_s > view.limits.tick_warning_s or self._late):
            self._tell_lateness(lateness_s, now_s)
        state = self.states.state
        if state != state_before:
            self._tell("state", state, now_s)
        events: tuple[Event, ...] = ()
        if self._events:
            events = tuple(self._events)
            self._events.clear()
        runner = self._runner
        in_session = self.states.in_session
        return TickOutput(
            verdict.command,
            state,
            verdict.response,
            self._target_deg(verdict, in_session=in_session),
            runner.progress if self._started else 0.0,
            runner.at if in_session else -1,
            events,
        )

    @property
    def outcome(self) -> Outcome | None:
        """How the session ended; None while it is not over."""
        return self.outcome_so_far() if self.states.state == "finished" else None

    def outcome_so_far(self) -> Outcome:
        """How the session would have ended if this were its end."""
        if self.states.state == "unlinked":
            return Outcome("stopped", "no link: the rider is not known to be upright")
        done = self._started and self._runner.segment is None and self.states.state == "finished"
        undisturbed = done and not self._trip_ids and not self._asked_return
        name = outcome_name(self._strongest, unlinked=False, undisturbed=undisturbed)
        asked = self._asked_return or self._operator_stopped
        return Outcome(name, outcome_reason(name, self._trip_ids, asked=asked))

    @property
    def held(self) -> bool:
        """Standing away from upright until a person acts: after a stop they ordered, or because nothing else helps."""
        return self.states.state == "stopped_held"

    @property
    def started(self) -> bool:
        """Tell whether the program was begun."""
        return self._started

    @property
    def moved(self) -> bool:
        """Tell whether the table was moved by hand."""
        return self._moved

    @property
    def trip_ids(self) -> tuple[str, ...]:
        """Monitors that tripped, each once, in the order of their first trips."""
        return each_once(self._trip_ids)

    @property
    def manual_direction(self) -> int:
        """Where the motion by hand that is under way leads: 1, -1, or 0 without one."""
        return self._manual.direction

    def _request(self, operator: OperatorRequest, dt_s: float, now_s: float) -> MotionRequest:
        """Say what the operating side would like in this tick."""
        if operator is not NO_REQUEST:
            asked = self._operator_request(operator, now_s)
            if asked is not None:
                return asked
        wanted = self._session_request(dt_s, now_s) if self.states.in_session else self._manual_request(operator, now_s)
        return wanted._replace(acknowledge=True) if operator.acknowledge else wanted

    def _operator_request(self, operator: OperatorRequest, now_s: float) -> MotionRequest | None:
        """Turn a press into a request; None if it asks for no motion request of its own."""
        if operator.stop:
            self._tell("operator", "stop", now_s)
            self._operator_stopped = True
            return MotionRequest(ask=Response.STOP)
        if operator.return_upright:
            self._tell("operator", "return upright", now_s)
            self._asked_return = True
            if "emergency-stop" in self.safety.supervisor.active:
                self._tell("warning", "the emergency stop is pressed, nothing moves: release it, then ask again", now_s)
            return MotionRequest(ask=Response.RETURN, recover=True)
        if operator.acknowledge:
            self._tell("operator", "acknowledge", now_s)
            self.alarms.acknowledge()
        if operator.pause_audio:
            self._tell("operator", "pause audio", now_s)
            self.alarms.pause_audio(self.safety.view.now_s)
        if operator.start:
            self._press_start(now_s)
        return None

    def _manual_request(self, operator: OperatorRequest, now_s: float) -> MotionRequest:
        """Say what is wished while a button is held.

        Only a press begins a motion: a button that was held before the table was ready, or through a trip, has to be
        let go and pressed again.
        """
        manual = self._manual
        if operator.move != manual.asked:
            manual.asked = operator.move
            self._let_go(now_s)
            if operator.move:
                self._hold_to_move(operator, now_s)
        if self.states.state in ("manual_moving", "manual_holding"):
            over = manual.hung_too_long(self.safety.view)
            if over:
                self._tell("warning", f"{over}, the longest without movement: the rider is brought upright", now_s)
                return _RETURN
        if not manual.direction:
            return _NOTHING
        return MotionRequest(manual.rate_dps(self.safety.view))

    def _hold_to_move(self, operator: OperatorRequest, now_s: float) -> None:
        self._tell("operator", f"holds to move {TOWARD[operator.move]}", now_s)
        if operator.presence_age_s is None:
            self._tell("warning", "hold-to-move refused: no panel watches over the table afterwards", now_s)
        elif self.states.state not in ("boarding_ready", "manual_holding"):
            self._tell("warning", f"hold-to-move refused in state {self.states.state}", now_s)
        else:
            self._moved = True
            self._manual.begin(operator.move, self.safety.view)
            self.states.fire("hold_to_move")

    def _let_go(self, now_s: float) -> None:
        """End the motion by hand, if there is one: the table stands on its brake."""
        if self._manual.direction:
            self._manual.end()
            self._tell("operator", "lets go", now_s)
            self.states.fire("let_go")

    def _press_start(self, now_s: float) -> None:
        """Begin the session, if the button was not stuck before and everything is ready."""
        if not self._start_button.counts(now_s):
            return
        self._tell("operator", "start", now_s)
        if self.states.state == "boarding_ready":
            self._started = True
            self._runner = Runner(self._plan)  # a program that a lost link ended at upright begins anew
            self.states.fire("start")
        else:
            self._tell("warning", f"start refused in state {self.states.state}: press again once it is ready", now_s)

    def _session_request(self, dt_s: float, now_s: float) -> MotionRequest:
        angles = self.safety.view.angles
        angle, rate = angles.best_deg, angles.rate_dps
        if angle is None:
            return _NOTHING
        before = self._runner.at
        try:
            wanted = self._runner.rate_dps(dt_s, angle, 0.0 if rate is None else rate)
        except MotionError as error:
            self._tell("warning", str(error), now_s)
            return _RETURN
        if self._runner.at != before:
            self._tell_segment(now_s)
        if self._runner.segment is None:
            return _RETURN
        if self._runner.overdue:
            self._tell("warning", "the motion takes much longer than planned: something holds the table", now_s)
            return MotionRequest(ask=Response.RETURN)
        return MotionRequest(wanted)

    def _follow(self, verdict: Verdict, now_s: float) -> None:
        view = self.safety.view
        # A silence that ended at upright ends a session too: the board moved the table, and nobody asked anew.
        linked = verdict.command is not None and "link" not in verdict.inhibited
        if linked != self._linked:
            self._linked = linked
            self._tell("link", "link to the board is up" if linked else "link to the board is down", now_s)
        was_in_session = self.states.in_session
        self.states.follow(verdict, self.safety.supervisor, linked=linked, away=view.away)
        if was_in_session and self.states.state.startswith("boarding"):
            why = ", ".join(verdict.inhibited)
            self._tell("program", f"the session is over at upright ({why}): press START once it is ready again", now_s)
        if self.states.in_session:
            moving = isinstance(self._runner.segment, Move)
            if moving != (self.states.state == "session_moving"):
                self.states.fire("move" if moving else "hold")
        if self._manual.direction:
            self._follow_manual(verdict, now_s)
        if verdict.response > self._strongest:
            self._strongest = verdict.response
        for trip in verdict.new_trips:
            self._trip_ids.append(trip.monitor)
            self._events.append(Event(now_s, "trip", f"{trip.response.name} by {trip.monitor}: {trip.detail}", trip))
        if verdict.inhibited != self._inhibited:
            self._tell_inhibits(verdict.inhibited, now_s)

    def _follow_manual(self, verdict: Verdict, now_s: float) -> None:
        """End a motion by hand that the safety layer took over, or that may not go on."""
        manual = self._manual
        if self.states.state != "manual_moving":
            manual.end()
        elif verdict.inhibited and manual.direction > 0:
            self._let_go(now_s)
        else:
            manual.follow(verdict.command)

    def _tell_inhibits(self, inhibited: tuple[str, ...], now_s: float) -> None:
        supervisor, view = self.safety.supervisor, self.safety.view
        for name in inhibited:
            if name not in self._inhibited:
                self._tell("inhibit", f"{name}: {supervisor.active[name].detail(view)}", now_s)
        for name in self._inhibited:
            if name not in inhibited:
                self._tell("clear", name, now_s)
        self._inhibited = inhibited

    def _tell_alarms(self, now_s: float) -> None:
        """Tell the alarms that are new or more urgent in this tick; what only forbids inversion is told as such."""
        for one in self.alarms.active:
            if one.since_s == self.safety.view.now_s and one.priority > Priority.LOW:
                self._tell("alarm", f"{one.priority.name.lower()} priority: {one.text}", now_s)

    def _tell_lateness(self, lateness_s: float, now_s: float) -> None:
        late = lateness_s > self.safety.view.limits.tick_warning_s
        if late and not self._late:
            self._tell("warning", f"control loop {lateness_s * 1e3:.0f} ms late", now_s)
        self._late = late

    def _tell_segment(self, now_s: float) -> None:
        segment = self._runner.segment
        self._tell("program", PROGRAM_FINISHED if segment is None else segment.label, now_s)

    def _tell(self, kind: str, text: str, now_s: float) -> None:
        self._events.append(Event(now_s, kind, text))

    def _target_deg(self, verdict: Verdict, *, in_session: bool) -> float | None:
        if in_session:
            return self._runner.target_deg
        if self._manual.direction:
            return self._manual.target_deg
        returning = self.safety.supervisor.returning
        if returning is None or verdict.phase not in (Phase.RETURNING, Phase.CREEPING):
            return None
        return 0.0 if returning.stage in (Stage.TO_FLAT, Stage.FLAT) else self.safety.view.limits.upright_deg
