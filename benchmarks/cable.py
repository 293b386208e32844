"""The cable out for a while, at random moments of a session in lock-step: is the rider upright, and how soon?

A session runs to its end each time, and the simulator's truth is judged as in a campaign. What a drive from a shop does
not promise is not asked of it: while nobody commands it, it has to hold the rider still, and the times of a return
count from the cable's return.
"""

import os
import random
from concurrent.futures import ProcessPoolExecutor
from typing import Final, NamedTuple

from benchmarks.figure import Comparison, Figure
from benchmarks.sessions import EXAMPLES
from drivers.capabilities import DRIVES
from firmware_host.cli.judged import JudgedRun, run
from firmware_host.cli.sessions import load_session
from sim.faults import Fault
from sim.layout import TRACE_COLUMNS
from sim.oracle import judge
from sim.oracle_terms import Floats, upright_below_deg

OUTAGES_S: Final = (0.3, 3.0, 30.0)
BACK_S: Final = 1.0
BOARD: Final = ("table",)
TABLES: Final = tuple(f"table-{drive}" for drive in DRIVES)
SEED: Final = 20
STOPPED_S: Final = 2.5
"""Time from the last command until a drive stands for certain: timeout, ramp, brake."""
STILL_DPS: Final = 0.02
LINKLESS: Final = ("unlinked", "offline")


class Case(NamedTuple):
    """One outage."""

    table: str
    at_s: float
    lasts_s: float


class Seen(NamedTuple):
    """How it ended."""

    case: Case
    as_specified: bool
    back_s: float | None
    """From the cable's return to commands on the link again; None where the session was over before."""


def measure(short: bool) -> list[Figure]:
    """Each outage a hundred times on the table board, and a hundred times on each drive (short: twice, once)."""
    each = {"table board": (BOARD, 2 if short else 100), "drives": (TABLES, 1 if short else 100)}
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as workers:
        return [
            figure
            for name, (tables, times) in each.items()
            for lasts_s in OUTAGES_S
            for figure in _figures(name, lasts_s, list(workers.map(look, cases(tables, lasts_s, times))))
        ]


def cases(tables: tuple[str, ...], lasts_s: float, times: int) -> list[Case]:
    """Random moments of the demonstration, the same ones each time that this runs."""
    draw = random.Random(f"{SEED} {lasts_s}")
    length_s = load_session(None, EXAMPLES / "riders" / "regular.toml", None).plan.total_s
    return [Case(table, round(draw.uniform(0.0, length_s), 2), lasts_s) for table in tables for _ in range(times)]


def look(case: Case) -> Seen:
    """Run a session with its outage."""
    session = load_session(None, EXAMPLES / "riders" / "regular.toml", EXAMPLES / f"{case.table}.toml")
    fault = Fault("cable-out", case.at_s, case.lasts_s)
    done = run(session, [fault], 1, None)
    truth, begun_s = done.truth, done.result.begun_s(fault)
    upright = truth.angle_deg <= upright_below_deg(done.asked) and abs(truth.rate_dps) < STILL_DPS
    if begun_s is None:
        return Seen(case, False, None)
    returned_s = begun_s + case.lasts_s
    asked, held = done.asked, True
    if case.table in TABLES:
        trips = [trip._replace(t_s=returned_s + BACK_S) if begun_s <= trip.t_s < returned_s else trip
                 for trip in asked.trips]  # fmt: skip
        asked, held = asked._replace(trips=tuple(trips)), _still(done.trace, begun_s + STOPPED_S, returned_s)
    return Seen(case, upright and held and not judge(done.trace, asked), _back_s(done, returned_s))


def _still(trace: Floats, from_s: float, to_s: float) -> bool:
    """Tell whether the table stood all that time."""
    t_s, rate_dps = (trace[:, TRACE_COLUMNS.index(name)] for name in ("t_s", "rate_dps"))
    return bool((abs(rate_dps[(t_s >= from_s) & (t_s < to_s)]) < STILL_DPS).all())


def _back_s(done: JudgedRun, returned_s: float) -> float | None:
    """Time from the cable's return until the host commands the table again; None where nothing was to wait for."""
    states = [(done.result.simulated_s(at_s), state) for at_s, state in done.host.states]
    before = [state for at_s, state in states if at_s <= returned_s]
    after = [at_s for at_s, state in states if at_s > returned_s and state not in LINKLESS]
    return after[0] - returned_s if before and before[-1] in LINKLESS and after else None


def _figures(name: str, lasts_s: float, seen: list[Seen]) -> list[Figure]:
    good = sum(one.as_specified for one in seen)
    bad = [one.case for one in seen if not one.as_specified]
    told = f"{len(seen)} sessions" + (f"; first: {bad[0].table} @{bad[0].at_s:g}" if bad else "")
    what = f"{name}: cable out for {lasts_s:g} s"
    figures = [Figure(f"{what}, rider upright", 100.0 * good / len(seen), "%", 100.0, Comparison.AT_LEAST, told)]
    back = sorted((one.back_s, one.case) for one in seen if one.back_s is not None)
    if back:  # else each session was over before the cable was out
        (worst_s, case), (median_s, _) = back[-1], back[len(back) // 2]
        note = f"worst of {len(back)}: {case.table} @{case.at_s:g}; median {median_s:.2f} s"
        figures.append(Figure(f"{what}, commands again after", worst_s, "s", BACK_S, note=note))
    return figures
