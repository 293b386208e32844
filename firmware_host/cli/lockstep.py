"""A session in lock-step, and what it is to be judged by: shared by ``righting bench`` and ``righting campaign``."""

import math
import time
from itertools import count
from typing import Final, NamedTuple

from drivers.capabilities import Capabilities
from firmware_host.cli.sessions import make_controller
from firmware_host.cli.virtual import make_machine
from firmware_host.control.controller import Outcome
from firmware_host.control.host import Host
from firmware_host.control.ticks import NO_REQUEST, OperatorRequest
from firmware_host.devices import capabilities, make_link
from firmware_host.files.validation import Session
from firmware_host.recording.blackbox import BlackBox
from safety.signals import SIMULATOR_SERIALS, Recovery, Response, Status, Trip
from sim.asked import Asked, Drive, Harm, Span, Tripped
from sim.bench import CLOCK_START_S, PERIOD_S, LockstepResult, run_lockstep
from sim.faults import Fault, right_answers
from sim.faults.world import HostProcess
from sim.machine import Machine
from sim.oracle import COASTS_S, UPRIGHT_DEG, Floats
from sim.table import TRACE_COLUMNS, Truth

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
EXTRA_S: Final = 300.0
"""Simulated time beyond the plan at which a session is given up: longer than every promise of a return together."""
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
    board = make_machine(session.table, session.rider, seed)
    board.table.advance_ms(0)  # compile before the clock starts
    process = HostProcess(panel_watches=any(fault.kind.at_panel for fault in faults))
    if blackbox is not None:
        blackbox.fill_disk_while(lambda: process.disk_full)
    host = LockstepHost(session, blackbox, seed, process)
    begun_s = time.perf_counter()
    result = run_lockstep(board, host, faults, session.plan.total_s * 1.5 + EXTRA_S, seed, process)
    wall_s = time.perf_counter() - begun_s
    trace = board.table.trace()
    met = _met(faults, result)
    asked, able = _asked(session, host, result, met), capabilities(host.host.link)
    harm = _harm(able, met, result, trace, host.trips)
    unsure = harm.unsure_upright and any(one.id == "upright-unsure" for one in host.controller.alarms.active)
    asked = asked._replace(
        alarm=_alarm(host, result, board) or _offline(host, harm),
        causes=right_answers((fault.name for fault in met), apart=board.lines > 0),
        drive=Drive(able.returns_by_itself, able.brake, able.slows_alone),
        harm=harm._replace(unsure_upright=unsure),
    )
    return Run(host, trace, board.table.truth(), asked, result.ticks * PERIOD_S, wall_s, result)


def _met(faults: list[Fault], result: LockstepResult) -> list[Fault]:
    """The faults that came before the end: one that never began excuses nothing."""
    lasted_s = result.ticks * PERIOD_S
    return [fault for fault in faults if (begun_s := result.begun_s(fault)) is not None and begun_s <= lasted_s]


def _asked(session: Session, host: LockstepHost, result: LockstepResult, met: list[Fault]) -> Asked:
    trips = [trip for trip in host.trips if trip.response > Response.INHIBIT]
    stops_s = [result.simulated_s(trip.t_s) for trip in trips if trip.recovery == Recovery.ON_REQUEST]
    stops_s += _begun_s([fault for fault in met if _stands(fault)], result)
    return Asked(
        limit_deg=session.limits.inverted_limit_deg,
        started_s=result.started_s,
        trips=tuple(Tripped(trip.monitor, trip.response.name, result.simulated_s(trip.t_s)) for trip in trips),
        changes_s=_changes_s(met, result),
        rest_s=session.limits.return_rest_s,
        person_stopped_s=min(stops_s, default=None),
        invert_rate_dps=session.limits.invert_rate_dps,
    )


def _stands(fault: Fault) -> bool:
    """Tell whether nobody is to be moved from there on: a person said so, or opened the chain and left it open."""
    return fault.kind.person_stops or (fault.kind.opens_chain and fault.duration_s is None)


def _harm(able: Capabilities, met: list[Fault], result: LockstepResult, trace: Floats, trips: list[Trip]) -> Harm:
    """What faults can do to a table depends on what its drive can do."""
    blinding = [] if able.checks_encoder else [fault for fault in met if fault.blinds]
    repeating = [] if able.knows_old_orders else [fault for fault in met if fault.kind.repeats_orders]
    late = [] if able.knows_old_orders else [fault for fault in met if fault.delays_orders]
    dead_s = _first_s([fault for fault in met if fault.kind.cannot_move], result)
    # Without a brake none can fail: beside a drive that is dead the gear still holds the table.
    slips_s = _first_s([fault for fault in met if fault.kind.brake_fails and able.brake], result)
    blind_s = _first_s(blinding, result)
    adrift_s = max(dead_s, slips_s)
    disobeys_s = _first_s([fault for fault in met if fault.kind.ignores_orders], result)
    wrong_motor_s = _first_s([fault for fault in met if fault.kind.angle == "encoder"], result)
    broken = _spans([fault for fault in met if fault.kind.load_path_broke], result)
    return Harm(
        broke_from_s=min([adrift_s, *(span.from_s for span in broken)]),
        ties_again_s=max((span.until_s for span in broken), default=math.inf),
        jolted_from_s=min(blind_s, _first_s([fault for fault in met if fault.kind.jolts], result)),
        stuck_from_s=-math.inf if _misled(met, trips) or _blocked(trace) else min(dead_s, blind_s),
        coasts=adrift_s < math.inf or (disobeys_s < math.inf and not able.cuts_torque) or not able.brake,
        sees_late_from_s=max(disobeys_s, wrong_motor_s),
        turns_wrong=not able.checks_encoder and any(_drifts(fault) for fault in met),
        unsure_upright=any(one.kind.angle for one in met) and any(one.kind.says_upright for one in met),
        repeats_s=min(_spans(repeating, result), default=None),
        startled_s=_startled_s(able, met, result),
        late_orders_s=_spans(late, result),
        freed_s=_freed_s(met, result, trips),
        cut_off_s=_spans([fault for fault in met if fault.kind.cuts_off], result),
        silent_s=_spans([fault for fault in met if fault.kind.silences], result),
    )


def _drifts(fault: Fault) -> bool:
    """Tell whether a drive goes on turning by its encoder, and turns wrong."""
    return fault.kind.angle == "encoder" and fault.kind.misleads and not fault.blinds


def _startled_s(able: Capabilities, met: list[Fault], result: LockstepResult) -> tuple[float, ...]:
    """When a drive from a shop jolts of itself."""
    leaps = [] if able.checks_encoder else _changes_s([one for one in met if one.kind.angle == "encoder"], result)
    jumps = [] if able.returns_by_itself else _begun_s([one for one in met if one.kind.startles], result)
    return (*leaps, *jumps)


def _freed_s(met: list[Fault], result: LockstepResult, trips: list[Trip]) -> tuple[float, ...]:
    """When something gave way before anything had tripped on it."""
    tripped_s = [result.simulated_s(trip.t_s) for trip in trips if trip.response > Response.INHIBIT]
    spans = _spans([fault for fault in met if fault.kind.gives_way and fault.duration_s is not None], result)
    untold = [span for span in spans if not any(span.from_s <= at_s <= span.until_s for at_s in tripped_s)]
    return tuple(span.until_s for span in untold)


def _alarm(host: LockstepHost, result: LockstepResult, board: Machine) -> str:
    """What is seen or heard in the end: of a host that is gone, nothing but the board's buzzer."""
    told = host.controller.alarms.text if result.host_alive else ""
    return told or ("the board's buzzer" if board.buzzes else "")


def _offline(host: LockstepHost, harm: Harm) -> str:
    """A drive that moves by old orders behind a line that repeats old answers: there is no more to know than this."""
    return "no link" if harm.repeats_s is not None and host.controller.states.state == "offline" else ""


def _misled(faults: list[Fault], trips: list[Trip]) -> bool:
    """Tell whether both angles are spoiled: one goes another way than the table, or a monitor had to cut the torque."""
    spoiled = {fault.kind.angle for fault in faults if fault.kind.angle}
    cut = any(trip.response is Response.TORQUE_OFF and trip.recovery is Recovery.AUTOMATIC for trip in trips)
    return len(spoiled) > 1 and (cut or any(fault.kind.misleads for fault in faults))


def _blocked(trace: Floats) -> bool:
    """Tell whether something pushed back on the way up, and the table never got past it."""
    angle_deg, contact_nm = (trace[:, TRACE_COLUMNS.index(name)] for name in ("angle_deg", "contact_nm"))
    above = angle_deg > UPRIGHT_DEG
    return bool(len(above) and above[-1] and (contact_nm[above] > 0.0).any())


def _begun_s(faults: list[Fault], result: LockstepResult) -> list[float]:
    """When these faults began, in simulated time."""
    return [begun_s for fault in faults if (begun_s := result.begun_s(fault)) is not None]


def _first_s(faults: list[Fault], result: LockstepResult) -> float:
    """When the first of these faults began; infinite if none did."""
    return min(_begun_s(faults, result), default=math.inf)


def _spans(faults: list[Fault], result: LockstepResult) -> tuple[Span, ...]:
    """From when to when these faults lasted, in simulated time."""
    begun = [(fault, begun_s) for fault in faults if (begun_s := result.begun_s(fault)) is not None]
    return tuple(
        Span(begun_s, math.inf if fault.duration_s is None else round(begun_s + fault.duration_s, 6))
        for fault, begun_s in begun
    )


def _changes_s(faults: list[Fault], result: LockstepResult) -> tuple[float, ...]:
    """When a fault began or ended, in simulated time."""
    found = []
    for fault in faults:
        begun_s = result.begun_s(fault)
        if begun_s is not None:
            found += [begun_s] if fault.duration_s is None else [begun_s, round(begun_s + fault.duration_s, 6)]
    return tuple(sorted(found))
