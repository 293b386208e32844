"""Whoever asks for the way up after a person's stop: the judge holds the table to it."""

from typing import Any

import pytest

from sim.asked import Span
from sim.oracle import judge
from tests.sim.traces import AT_40_S, TO_40, asked, trace, tripped

STOPPED = {**tripped(AT_40_S, "STOP"), "person_stopped_s": AT_40_S, "alarm": "x", "causes": None}
ASKED_S = AT_40_S + 20.0
COMES_UP = (TO_40, (22.0, 0.0), (10.0, -4.0), (50.0, -1.5))
HANGS_ON = (TO_40, (110.0, 0.0))


def broken(*pieces: tuple[float, float], **changes: Any) -> list[str]:
    """The rules that a session breaks in which a person stopped the table at 40 degrees."""
    return [text.partition(":")[0] for text in judge(trace(*pieces), asked(**{**STOPPED, **changes}))]


def test_whoever_stopped_the_table_and_asks_for_nothing_may_hang_there() -> None:
    assert broken(*HANGS_ON) == []


def test_whoever_asks_is_brought_upright() -> None:
    assert broken(*COMES_UP, asked_up_s=ASKED_S) == []
    assert broken(*HANGS_ON, asked_up_s=ASKED_S) == ["rescue-horizontal", "rescue-upright"]


def test_a_session_that_ends_before_the_time_is_up_is_late_too() -> None:
    assert broken(TO_40, (30.0, 0.0), asked_up_s=ASKED_S) == ["rescue-horizontal", "rescue-upright"]


@pytest.mark.parametrize("why", ["silent_s", "cut_off_s"])
def test_a_word_that_may_not_have_arrived_asks_for_nothing(why: str) -> None:
    around = Span(ASKED_S - 2.0, ASKED_S - 0.5)
    assert broken(*HANGS_ON, asked_up_s=ASKED_S, **{why: (around,)}) == []
    long_before = Span(0.0, ASKED_S - 5.0)
    assert broken(*HANGS_ON, asked_up_s=ASKED_S, **{why: (long_before,)}) != []


def test_where_nothing_can_move_the_table_nobody_is_owed_it() -> None:
    assert broken(*HANGS_ON, asked_up_s=ASKED_S, stuck_s=(Span(ASKED_S + 5.0, float("inf")),)) == []


def test_a_fault_that_comes_or_goes_begins_the_time_anew() -> None:
    late = (TO_40, (42.0, 0.0), (10.0, -4.0), (50.0, -1.5))
    assert broken(*late, asked_up_s=ASKED_S) == ["rescue-horizontal"]
    changes_s = (AT_40_S, ASKED_S + 15.0)
    assert broken(*late, asked_up_s=ASKED_S, changes_s=changes_s) == []
