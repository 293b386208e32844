"""A session in lock-step, run to be judged: what happened, and what was asked for."""

import math
import time
from collections.abc import Iterator
from typing import Final, NamedTuple

from firmware_host.cli.lockstep_host import LockstepHost
from firmware_host.cli.virtual import make_table_end
from firmware_host.devices import capabilities
from firmware_host.files.validation import Session
from firmware_host.recording.blackbox import BlackBox
from safety.signals import Recovery, Response
from sim.asked import Asked, Drive, Harm, Owed, Span, Tripped
from sim.faults import Fault, right_answers
from sim.faults.kind import Place
from sim.faults.world import HostProcess
from sim.harm import begun_times_s, changes_s, harm_of, spans_of
from sim.lockstep import PERIOD_S, LockstepResult, run_lockstep
from sim.oracle_terms import Floats, upright_below_deg
from sim.table import Truth
from sim.table_end import TableEnd

RESTED_S: Final = 3.0
"""Whoever asks so long after a stop asks a table that stands."""
NOTICED_S: Final = 0.1
"""A chain that is open for less may not be seen."""
EXTRA_S: Final = 300.0
"""Simulated time beyond the plan at which a session is given up: longer than every promise of a return together."""


class JudgedRun(NamedTuple):
    """A session that was run, ready to be judged."""

    host: LockstepHost
    trace: Floats
    """Rows of ``sim.layout.TRACE_COLUMNS``."""
    truth: Truth
    asked: Asked
    session_s: float
    """Simulated time."""
    wall_s: float
    result: LockstepResult


def run(session: Session, faults: list[Fault], seed: int, blackbox: BlackBox | None) -> JudgedRun:
    """Run a session to its end. Raises ``FileError`` for a ``[physics]`` section that cannot be."""
    board = make_table_end(session.table, session.rider, seed)
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
    harm = harm_of(able, met, result, trace, host.trips, upright_below_deg(asked), asked.asked_up_s)
    looks = any(one.id == "upright-unsure" for one in host.controller.alarms.active)
    asked = asked._replace(
        alarm=_alarm(host, result, board) or _offline(host, harm),
        causes=right_answers((fault.name for fault in met), apart=board.lines > 0),
        drive=Drive(able.returns_by_itself, able.brake, able.slows_alone),
        harm=harm if looks else harm._replace(unsure_deg=0.0),
        owed=tuple(_owed(session, met, result, by_board=able.returns_by_itself)),
        waits_s=tuple(_waits_s(met, result)),
        rests=all(fault.kind.place is Place.PERSON for fault in met),
        ended=host.over or not result.host_alive or any(fault.lasts_s == math.inf for fault in met),
    )
    return JudgedRun(host, trace, board.table.truth(), asked, result.ticks * PERIOD_S, wall_s, result)


def _met(faults: list[Fault], result: LockstepResult) -> list[Fault]:
    """The faults that came before the end: one that never began excuses nothing."""
    return [fault for fault in faults if begun(result, fault)]


def begun(result: LockstepResult, fault: Fault) -> bool:
    """Tell whether a fault began before the session was over."""
    begun_s = result.begun_s(fault)
    return begun_s is not None and begun_s <= result.ticks * PERIOD_S


def _asked(session: Session, host: LockstepHost, result: LockstepResult, met: list[Fault]) -> Asked:
    trips = [trip for trip in host.trips if trip.response > Response.INHIBIT]
    stops_s = [result.simulated_s(trip.t_s) for trip in trips if trip.recovery == Recovery.ON_REQUEST]
    stops_s += begun_times_s([fault for fault in met if _stands(fault)], result)
    return Asked(
        limit_deg=session.limits.inverted_limit_deg,
        started_s=result.started_s,
        trips=tuple(Tripped(trip.monitor, trip.response.name, result.simulated_s(trip.t_s)) for trip in trips),
        changes_s=changes_s(met, result),
        rest_s=session.limits.return_rest_s,
        person_stopped_s=min(stops_s, default=None),
        asked_up_s=_asked_up_s(met, result, max(stops_s, default=math.inf)),
        invert_rate_dps=session.limits.invert_rate_dps,
        brake_accel_dps2=session.limits.brake_accel_dps2,
        upright_deg=session.limits.upright_deg,
    )


def _asked_up_s(met: list[Fault], result: LockstepResult, stopped_s: float) -> float | None:
    """When a person first asked for the way up after the last stop, once a chain that was opened is closed again."""
    chains = [fault for fault in met if fault.kind.opens_chain]
    closed_s = [begun_s + chain.lasts_s for chain in chains for begun_s in begun_times_s([chain], result)]
    free_s = max([stopped_s, *closed_s]) + RESTED_S
    asks_s = begun_times_s([fault for fault in met if fault.kind.asks_up], result)
    return min((at_s for at_s in asks_s if at_s >= free_s), default=None)


def _owed(session: Session, met: list[Fault], result: LockstepResult, *, by_board: bool) -> Iterator[Owed]:
    """What has to be answered; a host that does not run answers nothing.

    Beside another fault any trip is an answer: what is short may be lost behind it, and what is weak may be stronger.
    """
    if any(fault.kind.silences and fault.kind.place is Place.PROCESS for fault in met):
        return
    held = session.table.file.table.hand_switch == "hold-to-run"
    for fault in met:
        due = fault.due
        if due is None or (due.by_board and not by_board) or (due.where_held and not held):
            continue
        (begun_s,) = begun_times_s([fault], result)
        felt = Span(begun_s, begun_s + fault.felt_s)
        hiding = spans_of((other for other in met if other.name == fault.kind.hidden_by), result)
        for seen in felt.without(hiding):
            owed = Owed(fault.name, seen, due.within_s)
            yield owed._replace(least=due.least, noticed_s=due.noticed_s) if len(met) == 1 else owed


def _waits_s(met: list[Fault], result: LockstepResult) -> Iterator[Span]:
    """When the table is to wait for a person's word: from a person's stop to whatever comes next.

    Where another fault is there, or was a moment ago, what moves the table may be its answer.
    """
    for stop in met:
        if not (stop.kind.person_stops or stop.kind.opens_chain) or stop.lasts_s < NOTICED_S:
            continue
        (from_s,) = begun_times_s([stop], result)
        others = [other for other in met if other is not stop]
        lasting = (other for other in others if other.kind.place is not Place.PERSON or other.kind.end is not None)
        before = spans_of(lasting, result)
        if not any(other.from_s <= from_s <= other.until_s + RESTED_S for other in before):
            later_s = [at_s for at_s in begun_times_s(others, result) if at_s >= from_s]
            yield Span(from_s, min(later_s, default=math.inf))


def _stands(fault: Fault) -> bool:
    """Tell whether nobody is to be moved from there on: a person said so, or opened the chain and left it open."""
    return fault.kind.person_stops or (fault.kind.opens_chain and fault.duration_s is None)


def _alarm(host: LockstepHost, result: LockstepResult, board: TableEnd) -> str:
    """What is seen or heard in the end: of a host that is gone, nothing but the board's buzzer."""
    told = host.controller.alarms.text if result.host_alive else ""
    return told or ("the board's buzzer" if board.buzzes else "")


def _offline(host: LockstepHost, harm: Harm) -> str:
    """A drive that moves by old orders behind a line that repeats old answers: there is no more to know than this."""
    return "no link" if harm.repeats_s is not None and host.controller.states.state == "offline" else ""
