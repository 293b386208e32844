"""The judge after a person's stop, and at the rest at horizontal: what moves by itself, and what does not rest."""

import numpy as np
import pytest

from sim.asked import Span
from sim.oracle import margins
from tests.sim.traces import asked, margin, trace, tripped

TO_20: tuple[tuple[float, float], ...] = ((47.5, 2.0),)
STOPPED_S = 48.0
WAITS = (Span(STOPPED_S, np.inf),)


@pytest.mark.requirement("REQ-PRM-WAITS")
def test_a_table_that_waits_after_a_persons_stop_has_all_of_its_margin() -> None:
    found = margin(trace(*TO_20, (20.0, 0.0)), "waits", waits_s=WAITS)
    assert (found.value, found.unit) == (1.0, "deg")


@pytest.mark.requirement("REQ-PRM-WAITS")
@pytest.mark.parametrize("rate_dps", [-2.0, 2.0])
def test_a_table_that_moves_by_itself_after_a_persons_stop_breaks_its_promise(rate_dps: float) -> None:
    found = margin(trace(*TO_20, (10.0, 0.0), (5.0, rate_dps), (5.0, 0.0)), "waits", waits_s=WAITS)
    assert found.value == pytest.approx(-9.0)
    assert found.text == "10.00 deg after a person's stop, before anybody asked; granted 1 deg"


def test_the_table_may_move_once_something_else_comes_and_while_it_comes_to_rest() -> None:
    slows = trace(*TO_20, (1.0, 2.0), (10.0, 0.0), (5.0, -2.0))
    assert margin(slows, "waits", waits_s=(Span(STOPPED_S, 58.0),)).value == 1.0


@pytest.mark.parametrize("started_s", [None, STOPPED_S + 1.0])
def test_a_stop_before_the_session_keeps_nobody_from_starting_it(started_s: float | None) -> None:
    rows = trace(*TO_20, (20.0, 0.0), (5.0, 2.0))
    assert "waits" not in {one.rule for one in margins(rows, asked(waits_s=WAITS, started_s=started_s))}


@pytest.mark.requirement("REQ-PRM-REST")
@pytest.mark.parametrize(
    ("pieces", "value"),
    [
        (((10.0, -2.0), (15.0, 0.0), (20.0, -1.0)), 1.5 + 15.0 + 3.0 - 5.0),
        (((10.0, -2.0), (4.0, 0.0), (20.0, -2.0)), 1.5 + 4.0 + 1.5 - 5.0),
        (((30.0, -2.0),), 3.0 - 5.0),
    ],
    ids=["rests", "short", "straight-through"],
)
def test_who_comes_out_of_inversion_rests_at_horizontal(pieces: tuple[tuple[float, float], ...], value: float) -> None:
    rows = trace(*TO_20, *pieces)
    assert margin(rows, "rest", rests=True, **tripped(47.6, "RETURN")).value == pytest.approx(value, abs=0.03)


@pytest.mark.parametrize(
    ("rows", "rests", "tripped_s"),
    [
        (trace(*TO_20, (30.0, -2.0)), False, 47.6),
        (trace(*TO_20, (30.0, -2.0)), True, 20.0),
        (trace(*TO_20, (30.0, 0.0)), True, 47.6),
        (trace(*TO_20, (30.0, -2.0)), True, 999.0),
    ],
    ids=["other-faults", "head-up", "stays", "after-the-end"],
)
def test_who_was_not_inverted_or_does_not_come_up_has_no_rest_to_keep(
    rows: object, rests: bool, tripped_s: float
) -> None:
    found = margins(rows, asked(rests=rests, **tripped(tripped_s, "RETURN")))  # type: ignore[arg-type]
    assert "rest" not in {one.rule for one in found}
