"""A fault that has to be answered and is not: what the judge says of it."""

import numpy as np
import pytest

from sim.asked import Asked, Owed, Span, Tripped
from sim.faults import CATALOGUE
from sim.layout import TRACE_COLUMNS
from sim.oracle import unanswered
from sim.oracle_terms import Floats

HOT = Owed("motor-hot", Span(5.0, 20.0), 1.0)


def trace(angle_deg: float | Floats, until_s: float = 10.0) -> Floats:
    """Rows at 100 Hz of a table that stands there."""
    rows = np.zeros((round(until_s * 100.0), len(TRACE_COLUMNS)))
    rows[:, TRACE_COLUMNS.index("t_s")] = np.arange(len(rows)) / 100.0
    rows[:, TRACE_COLUMNS.index("angle_deg")] = angle_deg
    return rows


def asked(*trips_s: float, owed: Owed = HOT, started_s: float | None = 1.0) -> Asked:
    """What was owed, and when something tripped."""
    trips = tuple(Tripped("temperature", "RETURN", t_s) for t_s in trips_s)
    return Asked(30.0, started_s, trips, 10.0, None, owed=(owed,))


@pytest.mark.requirement("REQ-PRM-ANSWER")
def test_a_fault_that_lasts_away_from_upright_has_to_be_answered() -> None:
    assert unanswered(trace(20.0), asked()) == [
        "unanswered: motor-hot: no RETURN or stronger by 5.99 s, 1 s after it met a table away from upright"
    ]


@pytest.mark.parametrize("trip_s", [5.0, 5.9])
def test_a_trip_in_time_is_an_answer(trip_s: float) -> None:
    assert unanswered(trace(20.0), asked(trip_s)) == []


def test_a_trip_that_comes_late_is_none() -> None:
    assert len(unanswered(trace(20.0), asked(6.5))) == 1


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (trace(-60.0), asked()),
        (trace(20.0), asked(started_s=None)),
        (trace(20.0), asked(owed=HOT._replace(lasts=Span(5.0, 5.9)))),
        (trace(20.0, 5.9), asked()),
        (trace(20.0, 0.0), asked()),
    ],
    ids=["upright", "never-begun", "short", "over-before", "no-trace"],
)
def test_what_meets_nobody_who_is_away_for_so_long_may_pass(rows: Floats, told: Asked) -> None:
    assert unanswered(rows, told) == []


def test_the_time_away_from_upright_counts_only_where_it_is_one_piece() -> None:
    angle_deg = np.full(1000, 20.0)
    angle_deg[550:560] = -75.0
    angle_deg[640:650] = -75.0
    angle_deg[740:750] = -75.0
    assert unanswered(trace(angle_deg), asked(8.0)) == []
    assert len(unanswered(trace(angle_deg), asked(9.0))) == 1


@pytest.mark.parametrize(
    ("hiding", "left"),
    [
        ((), [Span(5.0, 20.0)]),
        ((Span(0.0, 5.0), Span(20.0, np.inf)), [Span(5.0, 20.0)]),
        ((Span(0.0, 6.0),), [Span(6.0, 20.0)]),
        ((Span(19.0, np.inf),), [Span(5.0, 19.0)]),
        ((Span(7.0, 9.0), Span(8.0, 10.0)), [Span(5.0, 7.0), Span(10.0, 20.0)]),
        ((Span(4.0, np.inf),), []),
    ],
    ids=["none", "beside", "before", "after", "within", "all"],
)
def test_what_another_fault_hides_is_owed_while_it_is_there_alone(hiding: tuple[Span, ...], left: list[Span]) -> None:
    assert Span(5.0, 20.0).without(hiding) == left


def test_every_fault_that_hides_another_is_in_the_catalogue() -> None:
    hiding = {kind.hidden_by for kind in CATALOGUE.values() if kind.hidden_by}
    assert hiding
    assert hiding <= set(CATALOGUE)


LATCH = Owed("ankle-latch-open", Span(5.0, 5.2), 1.0, "EMERGENCY_RETURN", 0.1)


@pytest.mark.parametrize(
    ("told", "missed"),
    [
        (asked(owed=LATCH), 1),
        (asked(5.5, owed=LATCH), 1),
        (asked(5.5, owed=LATCH)._replace(trips=(Tripped("ankle-latch", "TORQUE_OFF", 5.5),)), 0),
        (asked(owed=LATCH._replace(lasts=Span(5.0, 5.05))), 0),
    ],
    ids=["none", "weak", "strong", "too-short"],
)
def test_what_was_there_for_a_moment_is_owed_an_answer_that_is_strong_enough(told: Asked, missed: int) -> None:
    assert len(unanswered(trace(20.0), told)) == missed


def test_what_ends_before_its_answer_is_due_may_pass() -> None:
    assert unanswered(trace(20.0, 5.9), asked(owed=LATCH)) == []
