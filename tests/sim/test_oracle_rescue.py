"""Rules of the judge after a trip or a stop: upright in time, or held still where that is right."""

from typing import Any

import numpy as np
import pytest

from sim.asked import Span, Tripped
from sim.oracle import judge
from tests.sim.traces import ALWAYS, AT_40_S, EMERGENCY, TO_40, TO_FLAT, UP, Pieces, asked, margin, put, trace, tripped


def test_a_fault_that_comes_during_a_rescue_begins_the_promise_anew() -> None:
    rows = trace(TO_40, (20.0, 0.0), TO_FLAT, (5.0, 0.0), UP)
    first, second = Tripped("hand-switch", "EMERGENCY_RETURN", AT_40_S), Tripped("following", "STOP", AT_40_S + 4.0)
    causes = frozenset({"hand-switch", "following"})
    in_time = asked(trips=(first, second), changes_s=(57.0, AT_40_S + 3.9), causes=causes)
    assert judge(rows, in_time) == []
    too_late = in_time._replace(changes_s=(57.0, AT_40_S + 13.0), trips=(first, second._replace(t_s=AT_40_S + 13.0)))
    assert [text.partition(":")[0] for text in judge(rows, too_late)] == ["rescue-horizontal"]


@pytest.mark.requirement("REQ-PRM-RESCUE")
@pytest.mark.parametrize(
    ("first", "then", "after_s", "flat_s", "broken"),
    [
        ("RETURN", "EMERGENCY_RETURN", 8.0, 20.1, ()),  # 12 s from when the emergency came
        ("RETURN", "EMERGENCY_RETURN", 8.0, 20.2, ("rescue-horizontal",)),
        ("RETURN", "EMERGENCY_RETURN", 20.0, 25.1, ()),
        ("RETURN", "EMERGENCY_RETURN", 20.0, 25.2, ("rescue-horizontal",)),  # what was promised first still counts
        ("EMERGENCY_RETURN", "RETURN", 8.0, 12.2, ("rescue-horizontal",)),  # a weaker one gives no time
        ("EMERGENCY_RETURN", "STOP", 8.0, 25.1, ()),
        ("EMERGENCY_RETURN", "STOP", 8.0, 25.2, ("rescue-horizontal",)),
        ("EMERGENCY_RETURN", "STOP", 11.9, 25.1, ()),
        ("EMERGENCY_RETURN", "STOP", 12.1, 25.1, ("rescue-horizontal",)),  # what was late by then is late
    ],
)
def test_a_stronger_response_has_its_time_from_when_it_came(
    first: str, then: str, after_s: float, flat_s: float, broken: tuple[str, ...]
) -> None:
    trips = (Tripped("presence", first, AT_40_S), Tripped("presence", then, AT_40_S + after_s))
    rows = trace(TO_40, (flat_s - TO_FLAT[0], 0.0), TO_FLAT, UP)
    found = judge(rows, asked(trips=trips, changes_s=(AT_40_S,), causes=frozenset({"presence"})))
    assert tuple(one.split(":")[0] for one in found) == broken


@pytest.mark.parametrize("brakes", [True, False])
def test_a_table_without_a_brake_stands_when_it_is_still(brakes: bool) -> None:
    rows = put(trace(TO_40, (9.0, 0.0)), "brake_closed", 0.0)
    found = margin(rows, "standstill", stuck_s=ALWAYS, brakes=brakes, **tripped(AT_40_S, "STOP"))
    assert (found.value > 0.0) == (not brakes)


@pytest.mark.parametrize(
    ("coasts", "again_s", "broken"),
    [
        (True, (), True),
        (True, (3.0,), False),  # the recovery that the drive disobeyed is over, and the table stands 3 s after that
        (True, (1.0,), True),
        (True, (5.0,), True),  # the first stop had its time
        (False, (3.0,), True),
    ],
)
def test_a_stop_of_a_table_that_coasts_is_over_with_the_next_one(
    coasts: bool, again_s: tuple[float, ...], broken: bool
) -> None:
    rows = trace(TO_40, (6.0, -0.5), (9.0, 0.0))
    trips = tuple(Tripped("overspeed", "TORQUE_OFF", AT_40_S + after_s) for after_s in (0.0, *again_s))
    found = margin(rows, "standstill", stuck_s=ALWAYS, coasts=coasts, broke_from_s=-np.inf, trips=trips)
    assert (found.value < 0.0) == broken


@pytest.mark.parametrize(
    ("lost_after_s", "returns_by_itself", "heard"),
    [(0.5, True, False), (1.0, True, False), (1.1, True, True), (-0.1, True, True), (0.5, False, True)],
)
def test_a_stop_after_which_the_link_is_lost_is_the_board_s_to_end(
    lost_after_s: float, returns_by_itself: bool, heard: bool
) -> None:
    rows = trace(TO_40, (3.0, -0.5), (9.0, 0.0))
    trips = (Tripped("overspeed", "STOP", AT_40_S), Tripped("link", "EMERGENCY_RETURN", AT_40_S + lost_after_s))
    found = judge(rows, asked(stuck_s=ALWAYS, trips=trips, returns_by_itself=returns_by_itself, alarm="x", causes=None))
    assert any(text.startswith("standstill") for text in found) is heard


@pytest.mark.requirement("REQ-PRM-END")
@pytest.mark.parametrize(
    ("changes", "judged"),
    [
        ({}, True),
        ({"trips": (Tripped("link", "EMERGENCY_RETURN", AT_40_S + 0.5),)}, False),
        ({"trips": (Tripped("link", "EMERGENCY_RETURN", AT_40_S - 5.0),)}, True),
        ({"silent_s": (Span(AT_40_S - 0.5, AT_40_S + 9.0),)}, False),
        ({"cut_off_s": (Span(AT_40_S + 0.5, AT_40_S + 9.0),)}, False),
        ({"silent_s": (Span(0.0, AT_40_S - 2.0),)}, True),
    ],
)
@pytest.mark.parametrize("took_s", [0.9, 3.0])
def test_a_stop_that_a_person_orders_stops_the_table_without_any_trip(
    changes: dict[str, Any], judged: bool, took_s: float
) -> None:
    rows = trace(TO_40, (took_s, 0.5), (9.0, 0.0))
    found = judge(rows, asked(person_stopped_s=AT_40_S, alarm="x", causes=None, **changes))
    assert any(text.startswith("standstill") for text in found) is (judged and took_s > 1.0)


STOPPED_AT_40: Pieces = (TO_40, (9.0, 0.0), (10.0, -4.0), (5.0, 0.0), (10.0, -1.5), (99.0, 0.0))
"""A stop at 40 degrees and its recovery, which ends at -15 degrees, 34 s after the stop."""


@pytest.mark.requirement("REQ-PRM-RESCUE")
@pytest.mark.parametrize(
    ("open_s", "more_s", "broken"),
    [
        (-20.0, None, ("standstill",)),  # it was dead before the stop
        (0.9, None, ("standstill",)),  # and where it died within the second that a stop may take
        (1.1, None, ()),  # what stopped before was to be recovered from
        (34.0, 34.1, ("standstill",)),  # the next stop is the one that lasts
        (34.0, None, ()),
    ],
)
def test_a_stop_that_came_before_the_actuator_died_is_not_one_that_lasts(
    open_s: float, more_s: float | None, broken: tuple[str, ...]
) -> None:
    rows = put(trace(*STOPPED_AT_40), "brake_closed", 0.0)
    stops_s = [AT_40_S, *([] if more_s is None else [AT_40_S + more_s])]
    case = {
        "trips": tuple(Tripped("following", "STOP", t_s) for t_s in stops_s),
        "changes_s": (AT_40_S, AT_40_S + open_s) if open_s > 0.0 else (AT_40_S + open_s,),
        "causes": None,
        "stuck_s": (Span(AT_40_S + open_s, np.inf),),
        "alarm": "release the brake",
    }
    found = judge(rows, asked(**case))
    assert [text.partition(":")[0] for text in found] == list(broken)


@pytest.mark.requirement("REQ-PRM-RESCUE")
def test_what_stopped_before_the_actuator_died_is_brought_to_horizontal_in_time() -> None:
    rows = trace(TO_40, (26.0, 0.0), (5.0, -8.0), (9.0, 0.0))
    case = {"stuck_s": ALWAYS, "alarm": "x", **tripped(AT_40_S, "STOP")}
    late = {**case, "changes_s": (AT_40_S, AT_40_S + 32.0), "stuck_s": (Span(AT_40_S + 32.0, np.inf),)}
    assert [text.partition(":")[0] for text in judge(rows, asked(**case))] == []
    assert [text.partition(":")[0] for text in judge(rows, asked(**late))] == ["rescue-horizontal"]


@pytest.mark.requirement("REQ-PRM-RESCUE")
@pytest.mark.parametrize(("works_again_s", "broken"), [(10.0, ["rescue-horizontal"]), (29.0, []), (np.inf, [])])
def test_what_can_move_again_is_brought_to_horizontal_in_time(works_again_s: float, broken: list[str]) -> None:
    rows = trace(TO_40, (45.0, 0.0), TO_FLAT, (5.0, 0.0), UP)
    dead = Span(AT_40_S + 2.0, AT_40_S + works_again_s)
    case = {"stuck_s": (dead,), "alarm": "x", **tripped(AT_40_S, "RETURN")}
    assert [text.partition(":")[0] for text in judge(rows, asked(**case))] == broken


@pytest.mark.requirement("REQ-PRM-RESCUE")
@pytest.mark.parametrize(("stopped_s", "broken"), [(32.0, ("rescue-horizontal",)), (24.0, ())])
def test_a_persons_stop_does_not_excuse_what_came_too_late_before_it(stopped_s: float, broken: tuple[str, ...]) -> None:
    rows = trace(TO_40, (26.0, 0.0), (5.0, -8.0), (9.0, 0.0))
    case = {"alarm": "x", **tripped(AT_40_S, "STOP"), "person_stopped_s": AT_40_S + stopped_s}
    assert tuple(text.partition(":")[0] for text in judge(rows, asked(**case))) == broken


@pytest.mark.requirement("REQ-PRM-RESCUE")
def test_what_rises_after_the_actuator_died_was_to_be_held() -> None:
    rows = trace(TO_40, (9.0, -4.0), (9.0, 0.0), (2.0, 2.0), (9.0, 0.0))
    case = {"stuck_s": (Span(AT_40_S + 12.0, np.inf),), "alarm": "x", **tripped(AT_40_S, "STOP")}
    assert [text.partition(":")[0] for text in judge(rows, asked(**case))] == ["held"]


@pytest.mark.parametrize(
    ("changes", "ends_deg", "broken"),
    [
        ({"unsure_deg": 15.0, "alarm": "look"}, -58.0, ()),
        ({"unsure_deg": 15.0, "alarm": "look"}, -56.0, ("rescue-upright",)),
        ({"unsure_deg": 15.0}, -58.0, ("rescue-upright", "left")),
        ({"alarm": "look"}, -58.0, ("rescue-upright",)),
    ],
)
def test_two_witnesses_of_being_upright_may_contradict_each_other_near_it(
    changes: dict[str, Any], ends_deg: float, broken: tuple[str, ...]
) -> None:
    rows = trace(TO_40, TO_FLAT, (-ends_deg / 2.0, -2.0), (60.0, 0.0))
    assert tuple(text.partition(":")[0] for text in judge(rows, asked(**EMERGENCY, **changes))) == broken


@pytest.mark.parametrize(("wrong_by_dps", "broken"), [(0.0, ("rescue-upright",)), (0.5, ())])
def test_a_drive_that_turns_by_a_wrong_encoder_may_be_slow(wrong_by_dps: float, broken: tuple[str, ...]) -> None:
    rows = trace(TO_40, TO_FLAT, (75.0, -1.0), (9.0, 0.0))
    assert (
        tuple(text.partition(":")[0] for text in judge(rows, asked(wrong_by_dps=wrong_by_dps, **EMERGENCY))) == broken
    )


@pytest.mark.parametrize(
    ("still_s", "alarm", "ends_dps", "broken"),
    [
        (1.0, "", 0.0, ()),
        (40.0, "", 0.0, ("rescue-horizontal",)),
        (1.0, "", 5.0, ("rate-inverting", "rescue-upright", "left")),
    ],
)
def test_once_a_line_repeats_no_more_the_rider_is_to_be_rescued(
    still_s: float, alarm: str, ends_dps: float, broken: tuple[str, ...]
) -> None:
    """The table was thrown to 94 deg meanwhile: that was nobody's doing, what follows is."""
    thrown = (TO_40, (9.0, 6.0), (9.0, 0.0))
    until_s = AT_40_S + 9.0
    back = (still_s, 0.0), (18.8, -5.0), (5.0, 0.0), (38.0, -2.0)
    rows = trace(*thrown, *back, *(() if ends_dps == 0.0 else ((10.0, ends_dps),)))
    case = {"repeats_s": Span(AT_40_S, until_s), "changes_s": (AT_40_S, until_s), "alarm": alarm}
    trips = (Tripped("following", "STOP", AT_40_S + 1.0), Tripped("following", "STOP", until_s + 8.5))
    assert tuple(text.partition(":")[0] for text in judge(rows, asked(trips=trips, **case))) == broken


@pytest.mark.parametrize(
    ("monitor", "alone", "broken"), [("rejected", True, False), ("rejected", False, True), ("following", True, True)]
)
def test_a_stop_that_the_board_refuses_stops_nothing(monitor: str, alone: bool, broken: bool) -> None:
    rows = trace(TO_40, (5.0, -1.0), (9.0, 0.0))
    case = {
        "stuck_s": ALWAYS,
        "alarm": "x",
        "returns_by_itself": alone,
        **tripped(AT_40_S, "STOP", monitor),
    }
    assert ("standstill" in [text.partition(":")[0] for text in judge(rows, asked(**case))]) is broken


def test_a_stop_that_the_board_refuses_is_no_leave_to_turn_the_rider_down() -> None:
    rows = trace(TO_40, (5.0, 0.0), (6.0, 3.0), (2.0, 0.0))
    case = {
        "stuck_s": ALWAYS,
        "alarm": "x",
        "limit_deg": 90.0,
        **tripped(AT_40_S, "STOP", "rejected"),
    }
    assert "held" in [text.partition(":")[0] for text in judge(rows, asked(**case))]


@pytest.mark.requirement("REQ-PRM-END")
@pytest.mark.parametrize(("upright_deg", "broken"), [(-75.0, True), (-64.0, True), (-60.0, False), (-45.0, False)])
def test_upright_is_where_the_tables_file_says(upright_deg: float, broken: bool) -> None:
    rows = trace((10.0, 2.0), (5.0, -1.0), (5.0, 0.0))  # it ends at -60 deg
    assert any(text.startswith("left") for text in judge(rows, asked(upright_deg=upright_deg))) is broken


def test_a_stop_outside_of_what_is_judged_says_nothing_of_it() -> None:
    """A line that repeats old orders divides the session: the part after it does not show what came before."""
    rows = trace(TO_40, (0.5, 0.5), (60.0, 0.0))
    trips = (Tripped("drive-fault", "STOP", AT_40_S),)
    repeats_s = Span(AT_40_S + 20.0, AT_40_S + 21.0)
    found = judge(rows, asked(trips=trips, stuck_s=ALWAYS, repeats_s=repeats_s, alarm="x", causes=None))
    assert not any(text.startswith("standstill") for text in found)
