"""The host as lock-step drives it: with the operator, the clock and the process that a session in lock-step has."""

import math
from itertools import count
from typing import Final

from firmware_host.cli.sessions import make_controller
from firmware_host.control.host import Host
from firmware_host.control.outcome import Outcome
from firmware_host.control.ticks import NO_REQUEST, OperatorRequest
from firmware_host.devices import make_link
from firmware_host.files.validation import Session
from firmware_host.recording.blackbox import BlackBox
from safety.signals import SIMULATOR_SERIALS, Status, Trip
from sim.faults.world import HostProcess
from sim.lockstep import CLOCK_START_S
from sim.oracle_terms import COASTS_S

_START: Final = OperatorRequest(start=True)
PRESSED_AGAIN_S: Final = 1.0
"""An operator who sees that nothing began presses start again so much later."""
BEAT_S: Final = 0.5
"""From one sign of life of the panel to the next."""
_FLOOD: Final = ("start", "acknowledge", "pause_audio")
_NO_AGES: Final = (math.nan, -1.0, math.inf, -math.inf)
REFUSED_S: Final = 40.0
"""A session that has not begun so long after it might have is given up."""
HELD_S: Final = 35.0
"""A table held still for so long waits for a person, and lock-step has none."""
SETTLED_S: Final = COASTS_S + 0.5
"""What comes to rest after the end is still judged, without a brake too."""
UNLINKED_S: Final = 120.0
"""Without a link the board has brought the table upright long before this."""
_LONGEST_S: Final = {"stopped_held": HELD_S, "unlinked": UNLINKED_S, "finished": SETTLED_S}
"""How long a state is waited in before the session counts as over; the others end by themselves."""
_NONCE_MASK: Final = 0x7FFFFFFF


class LockstepHost:
    """The host as lock-step drives it, with an operator who presses start once the table is ready."""

    def __init__(
        self, session: Session, blackbox: BlackBox | None, seed: int, process: HostProcess | None = None
    ) -> None:
        self._process = HostProcess() if process is None else process
        self._next_start_s = self._beat_s = -math.inf
        self.controller = make_controller(session)
        # A nonce of its own for each handshake, the same for the same seed.
        nonces = count(seed * 1009 + 1)
        self.host = Host(
            self.controller,
            make_link(session.table, lambda: next(nonces) & _NONCE_MASK, SIMULATOR_SERIALS.start, simulated=True),
            blackbox,
        )
        self.trips: list[Trip] = []
        self.states: list[tuple[float, str]] = []
        """When each operating state began, on the host's clock."""
        self._waiting_since_s: float | None = None
        self.now_s = 0.0
        """On the host's clock as it would be without its jumps: they do not end a session."""

    def exchange(self, data: bytes, now_s: float, lateness_s: float) -> bytes:
        """Do one tick."""
        self.now_s = now_s - self._process.clock_ahead_s
        process = self._process
        starts = self.controller.states.state == "boarding_ready" and self._presses_start(now_s)
        operator = _START if starts else NO_REQUEST
        if process.presses or process.panel_watches:
            operator = self._at_the_panel(operator, now_s)
        answer = self.host.exchange(data, now_s, lateness_s, operator)
        output = self.host.output
        if output is not None and output.events:
            self.trips += [event.trip for event in output.events if event.trip is not None]
            self.states += [(event.t_s, event.text) for event in output.events if event.kind == "state"]
        return answer

    def _presses_start(self, now_s: float) -> bool:
        """Once, and again if nothing came of it."""
        if now_s < max(self._next_start_s, CLOCK_START_S + self._process.start_from_s):
            return False
        self._next_start_s = now_s + PRESSED_AGAIN_S
        return True

    def _at_the_panel(self, operator: OperatorRequest, now_s: float) -> OperatorRequest:
        """Add what else is pressed, and the panel's signs of life."""
        process = self._process
        pressed = dict.fromkeys([*process.presses, *(_FLOOD if process.panel_floods else ())], True)
        process.presses.clear()
        if not process.panel_watches:
            return operator._replace(**pressed)
        if not process.panel_gone and not process.panel_babbles and not 0.0 <= now_s - self._beat_s < BEAT_S:
            self._beat_s = now_s
        age_s = _NO_AGES[self.host.ticks % len(_NO_AGES)] if process.panel_babbles else now_s - self._beat_s
        return operator._replace(**pressed, presence_age_s=age_s)

    @property
    def started(self) -> bool:
        """Tell whether the session has begun."""
        return self.controller.started

    @property
    def waits(self) -> bool:
        """Tell whether something has to pass before anybody may start."""
        return self.controller.states.state == "boarding_waiting"

    @property
    def over(self) -> bool:
        """Tell whether nothing more will happen."""
        state = self.controller.states.state
        if not self.controller.started and self.now_s > CLOCK_START_S + self._process.start_from_s + REFUSED_S:
            return True
        longest_s = _LONGEST_S.get(state)
        if longest_s is None or (state != "unlinked" and self._brought_upright):
            self._waiting_since_s = None
            return False
        if self._waiting_since_s is None:
            self._waiting_since_s = self.now_s
        return self.now_s - self._waiting_since_s > longest_s

    @property
    def _brought_upright(self) -> bool:
        """Tell whether the board brings the table upright by itself, whatever state the session is in."""
        telemetry = self.controller.safety.view.telemetry
        return telemetry is not None and telemetry.status & Status.DEAD_HOST_RETURN != 0

    def _why_not(self) -> str:
        state = self.controller.safety
        supervisor, view = state.supervisor, state.view
        told = [f"{name}: {supervisor.active[name].detail(view)}" for name in supervisor.inhibited]
        told += [
            f"{name}: {trip.detail}" for name, trip in supervisor.latched.items() if name not in supervisor.inhibited
        ]
        return "; ".join(told) or "nobody answered"

    def outcome(self) -> Outcome:
        """How the session ended, as far as the host knows."""
        state = self.controller.states.state
        if self._process.killed and state != "finished":
            return Outcome("unknown", f"the host was killed in state {state.replace('_', ' ')}")
        if not self.controller.started:
            return Outcome("refused", f"never ready to start: {self._why_not()}")
        return self.controller.outcome_so_far()
