"""Run a case and judge it."""

import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np

from firmware_host.cli.campaign.cases import Case, Devices, draw_case
from firmware_host.cli.campaign.results import Detected, Onset, Result, Tripped, Weakest
from firmware_host.cli.judged import JudgedRun, run
from firmware_host.cli.sessions import make_controller
from firmware_host.cli.summary import open_blackbox
from firmware_host.files.validation import Session
from firmware_host.recording.blackbox_reader import read
from firmware_host.recording.replay import replay
from safety.signals import Response
from sim.layout import TRACE_COLUMNS
from sim.lockstep import CLOCK_START_S
from sim.oracle import false_trips, judge, margins, unanswered, wrong_causes
from sim.oracle_terms import Margin

REPLAYED_EACH: Final = 25
"""One session in so many keeps its black box, which is replayed: that costs as much as half a session more."""
FLAT_WITHIN_DEG: Final = 2.0
TURNING_DPS: Final = 0.1


def run_drawn(seed: int, index: int, devices: Devices = ()) -> Result:
    """Draw a case, run it and judge it."""
    return run_case(draw_case(seed, index, devices), index, replayed=index % REPLAYED_EACH == 0)


def run_case(case: Case, index: int, *, replayed: bool = False) -> Result:
    """Run a case and judge it. An exception of the code under test is a violation like any other."""
    begun_s = time.process_time()
    faults = tuple(str(fault) for fault in case.faults)
    try:
        session = case.session()
        recorded = replayed or any(fault.kind.on_disk for fault in case.faults)
        done = _run_replayed(session, case) if recorded else run(session, list(case.faults), case.seed, None)
    except Exception as error:  # a campaign goes on, whatever one session does
        return _crashed(index, faults, error, time.process_time() - begun_s)
    asked, found = done.asked, margins(done.trace, done.asked)
    return Result(
        index=index,
        faults=faults,
        outcome=done.host.outcome().name,
        session_s=round(done.session_s, 2),
        trips=tuple(
            Tripped(monitor=trip.monitor, response=trip.response, t_s=round(trip.t_s, 2)) for trip in asked.trips
        ),
        onsets=tuple(_onsets(case, done)),
        detected=_detected(case, done),
        violations=tuple(judge(done.trace, asked)),
        wrong_causes=tuple(wrong_causes(asked)),
        false_trips=tuple(false_trips(asked)),
        unanswered=tuple(unanswered(done.trace, asked)),
        margins=tuple(_weakest(found)),
        core_s=round(time.process_time() - begun_s, 4),
    )


def _crashed(index: int, faults: tuple[str, ...], error: Exception, core_s: float) -> Result:
    return Result(
        index=index,
        faults=faults,
        outcome="crashed",
        session_s=0.0,
        core_s=round(core_s, 4),
        trips=(),
        onsets=(),
        violations=(f"crash: {type(error).__name__}: {error}",),
        wrong_causes=(),
        false_trips=(),
        margins=(),
    )


def _run_replayed(session: Session, case: Case) -> JudgedRun:
    """Run a session with its black box, and replay that."""
    with tempfile.TemporaryDirectory() as folder:
        with open_blackbox(session, Path(folder), case.seed, CLOCK_START_S, lossless=True) as blackbox:
            done = run(session, list(case.faults), case.seed, blackbox)
        identical = replay(read(blackbox.path), make_controller(session)).identical
    return done._replace(asked=done.asked._replace(replayed=identical))


def _weakest(found: Iterable[Margin]) -> list[Weakest]:
    smallest: dict[str, Margin] = {}
    for margin in found:
        if margin.rule not in smallest or margin.share < smallest[margin.rule].share:
            smallest[margin.rule] = margin
    return [
        Weakest(rule=one.rule, value=round(one.value, 4), unit=one.unit, share=round(one.share, 5), text=one.text)
        for one in sorted(smallest.values(), key=lambda margin: margin.share)
    ]


def _onsets(case: Case, done: JudgedRun) -> Iterable[Onset]:
    """Say in which state and phase each fault met the session; one that came after its end met nothing."""
    for fault in case.faults:
        onset_s = done.result.begun_s(fault)
        if onset_s is not None and onset_s < done.session_s:
            yield Onset(fault=fault.name, state=_state_at(done, onset_s), phase=_phase_at(done, onset_s))


def _detected(case: Case, done: JudgedRun) -> Detected | None:
    """Say how long the first response took, where one fault alone calls for it."""
    if len(case.faults) != 1:
        return None
    fault, simulated_s = case.faults[0], done.result.simulated_s
    onset_s = done.result.begun_s(fault)
    if onset_s is None or onset_s >= done.session_s:
        return None
    answers = (trip for trip in done.host.trips if trip.response > Response.INHIBIT)
    first = next((trip for trip in answers if simulated_s(trip.t_s) >= onset_s), None)
    if first is None:
        return Detected(fault=fault.name, monitor="", after_s=0.0, window_s=0.0)
    after_s, window_s = simulated_s(first.t_s) - onset_s, first.t_s - first.since_s
    return Detected(fault=fault.name, monitor=first.monitor, after_s=round(after_s, 3), window_s=round(window_s, 3))


def _state_at(done: JudgedRun, t_s: float) -> str:
    before = [state for clock_s, state in done.host.states if done.result.simulated_s(clock_s) < t_s]
    return before[-1] if before else "offline"


def _phase_at(done: JudgedRun, t_s: float) -> str:
    row = min(int(np.searchsorted(done.trace[:, 0], t_s)), len(done.trace) - 1)
    angle_deg, rate_dps = (float(done.trace[row, TRACE_COLUMNS.index(name)]) for name in ("angle_deg", "rate_dps"))
    return phase_of(angle_deg, rate_dps)


def phase_of(angle_deg: float, rate_dps: float) -> str:
    """Name where a table is and which way it turns."""
    flat = abs(angle_deg) <= FLAT_WITHIN_DEG
    place = "flat" if flat else ("inverted" if angle_deg > 0.0 else "head-up")
    way = "standing" if abs(rate_dps) <= TURNING_DPS else ("inverting" if rate_dps > 0.0 else "rising")
    return f"{place}, {way}"
