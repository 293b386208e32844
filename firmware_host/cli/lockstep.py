"""A session in lock-step, and what it is to be judged by: shared by ``righting bench`` and ``righting campaign``."""

import math
import time
from itertools import count
from typing import Final, NamedTuple

from drivers.board import HostLink
from firmware_host.blackbox import BlackBox
from firmware_host.cli.sessions import make_controller
from firmware_host.cli.virtual import make_board
from firmware_host.controller import Outcome
from firmware_host.host import Host
from firmware_host.ticks import NO_REQUEST, OperatorRequest
from firmware_host.validation import Session
from safety.signals import Recovery, Response, Trip
from sim.bench import PERIOD_S, LockstepResult, run_lockstep
from sim.board import VirtualBoard
from sim.faults import Fault, right_answers
from sim.oracle import UPRIGHT_DEG, Asked, Floats, Tripped
from sim.table import TRACE_COLUMNS, Truth

_START: Final = OperatorRequest(start=True)
HELD_S: Final = 35.0
"""A table held still for so long waits for a person, and lock-step has none."""
SETTLED_S: Final = 1.5
"""What comes to rest after the end is still judged."""
ALONE_S: Final = 120.0
"""Without a link the board has brought the table upright long before this."""
EXTRA_S: Final = 300.0
"""Simulated time beyond the plan at which a session is given up: longer than every promise of a return together."""
_NONCE_MASK: Final = 0x7FFFFFFF


class LockstepHost:
    """The host as lock-step drives it, with an operator who presses start once the table is ready."""

    def __init__(self, session: Session, blackbox: BlackBox | None, seed: int) -> None:
        self.controller = make_controller(session)
        # A nonce of its own for each handshake, the same for the same seed.
        nonces = count(seed * 1009 + 1)
        self.host = Host(self.controller, HostLink(lambda: next(nonces) & _NONCE_MASK), blackbox)
        self.trips: list[Trip] = []
        self.states: list[tuple[float, str]] = []
        """When each operating state began, on the host's clock."""
        self._waiting_since_s: float | None = None
        self.now_s = 0.0

    def exchange(self, data: bytes, now_s: float, lateness_s: float) -> bytes:
        """Do one tick."""
        self.now_s = now_s
        controller = self.controller
        ready = controller.states.state == "boarding_ready"
        answer = self.host.exchange(data, now_s, lateness_s, _START if ready else NO_REQUEST)
        output = self.host.output
        if output is not None and output.events:
            self.trips += [event.trip for event in output.events if event.trip is not None]
            self.states += [(event.t_s, event.text) for event in output.events if event.kind == "state"]
        return answer

    @property
    def started(self) -> bool:
        """Tell whether the session has begun."""
        return self.controller.started

    @property
    def over(self) -> bool:
        """Tell whether nothing more will happen."""
        state = self.controller.states.state
        longest_s = {"stopped_held": HELD_S, "unlinked": ALONE_S, "finished": SETTLED_S}.get(state)
        if longest_s is None:
            self._waiting_since_s = None
            return False
        if self._waiting_since_s is None:
            self._waiting_since_s = self.now_s
        return self.now_s - self._waiting_since_s > longest_s

    def outcome(self) -> Outcome:
        """How the session ended."""
        if not self.controller.started:
            return Outcome("refused", "never ready to start")
        return self.controller.outcome_so_far()


class Run(NamedTuple):
    """A session that was run, ready to be judged."""

    host: LockstepHost
    trace: Floats
    """Rows of ``sim.table.TRACE_COLUMNS``."""
    truth: Truth
    asked: Asked
    session_s: float
    """Simulated time."""
    wall_s: float
    result: LockstepResult


def run(session: Session, faults: list[Fault], seed: int, blackbox: BlackBox | None) -> Run:
    """Run a session to its end. Raises ``FileError`` for a ``[physics]`` section that cannot be."""
    board = make_board(session.table, session.rider, seed)
    board.table.advance_ms(0)  # compile before the clock starts
    host = LockstepHost(session, blackbox, seed)
    begun_s = time.perf_counter()
    result = run_lockstep(board, host, faults, session.plan.total_s * 1.5 + EXTRA_S, seed)
    wall_s = time.perf_counter() - begun_s
    trace = board.table.trace()
    met = _met(faults, result)
    asked = _asked(session, host, result, met, trace)
    asked = asked._replace(alarm=_alarm(host, result, board))
    return Run(host, trace, board.table.truth(), asked, result.ticks * PERIOD_S, wall_s, result)


def _met(faults: list[Fault], result: LockstepResult) -> list[Fault]:
    """The faults that came before the end: one that never began excuses nothing."""
    if result.started_s is None:
        return []
    lasted_s = result.ticks * PERIOD_S - result.started_s
    return [fault for fault in faults if fault.at_s <= lasted_s]


def _asked(session: Session, host: LockstepHost, result: LockstepResult, met: list[Fault], trace: Floats) -> Asked:
    started_s = result.started_s
    trips = [trip for trip in host.trips if trip.response > Response.INHIBIT]
    dead = any(fault.kind.cannot_move for fault in met)
    brakeless = any(fault.kind.brake_fails for fault in met)
    return Asked(
        limit_deg=session.limits.inverted_limit_deg,
        started_s=started_s,
        trips=tuple(Tripped(trip.monitor, trip.response.name, result.simulated_s(trip.t_s)) for trip in trips),
        changes_s=() if started_s is None else _changes_s(met, started_s),
        rest_s=session.limits.return_rest_s,
        person_stopped_s=min(
            (result.simulated_s(trip.t_s) for trip in trips if trip.recovery == Recovery.ON_REQUEST), default=None
        ),
        load_path_broke=any(fault.kind.load_path_broke for fault in met) or (brakeless and dead),
        jolted_from_s=min(_changes_s([one for one in met if one.kind.jolts], started_s or 0.0), default=math.inf),
        cannot_move=dead or _misled(met) or _blocked(trace),
        causes=right_answers(fault.name for fault in met),
        invert_rate_dps=session.limits.invert_rate_dps,
    )


def _alarm(host: LockstepHost, result: LockstepResult, board: VirtualBoard) -> str:
    """What is seen or heard in the end: of a host that is gone, nothing but the board's buzzer."""
    told = host.controller.alarms.text if result.host_alive else ""
    return told or ("the board's buzzer" if board.buzzes else "")


def _misled(faults: list[Fault]) -> bool:
    """Tell whether both angles are spoiled, one of them so that it goes another way than the table."""
    spoiled = {fault.kind.angle for fault in faults if fault.kind.angle}
    return len(spoiled) > 1 and any(fault.kind.misleads for fault in faults)


def _blocked(trace: Floats) -> bool:
    """Tell whether something pushed back on the way up, and the table never got past it."""
    angle_deg, contact_nm = (trace[:, TRACE_COLUMNS.index(name)] for name in ("angle_deg", "contact_nm"))
    above = angle_deg > UPRIGHT_DEG
    return bool(len(above) and above[-1] and (contact_nm[above] > 0.0).any())


def _changes_s(faults: list[Fault], started_s: float) -> tuple[float, ...]:
    """When a fault began or ended, in simulated time."""
    begun = [fault.at_s for fault in faults]
    ended = [fault.at_s + fault.duration_s for fault in faults if fault.duration_s is not None]
    return tuple(sorted(round(started_s + change_s, 6) for change_s in begun + ended))
