"""Rules of the judge on how the table moves: when they count, and what a fault takes from them."""

from typing import Any

import numpy as np
import pytest

from sim.asked import Span
from sim.oracle import judge, margins
from tests.sim.traces import ALWAYS, AT_40_S, EMERGENCY, TO_40, TO_FLAT, UP, Pieces, asked, margin, put, trace, tripped


def test_how_fast_the_rate_changes_is_judged_until_nobody_chooses_it() -> None:
    rows = put(trace((1.0, 2.0), (1.0, -2.0)), "accel_dps2", 40.0, 1.0, 1.1)
    assert [text.partition(":")[0] for text in judge(rows, asked())] == ["accel"]
    assert [text.partition(":")[0] for text in judge(rows, asked(jolted_s=(Span(1.05, np.inf),)))] == ["accel"]
    assert judge(rows, asked(jolted_s=(Span(1.0, np.inf),))) == []
    assert judge(rows, asked(jolted_s=(Span(-9.0, 1.0),))) == []  # what clamped then takes its time
    assert [text.partition(":")[0] for text in judge(rows, asked(jolted_s=(Span(-9.0, -3.0),)))] == ["accel"]
    assert judge(rows, asked(broke_from_s=-np.inf)) == []


@pytest.mark.requirement("REQ-PRM-RATE")
@pytest.mark.parametrize(
    ("for_s", "late_s", "broken"),
    [
        (0.29, np.inf, False),
        (0.35, np.inf, True),
        (0.35, 20.0, False),
        (0.45, 20.0, True),
        (0.45, 20.2, True),
        (0.35, 30.0, True),  # what came before both were wrong was seen as soon as ever
    ],
)
def test_a_drive_that_disobeys_is_found_out_later_by_the_tables_own_angle_alone(
    for_s: float, late_s: float, broken: bool
) -> None:
    rows = trace((20.0, 2.0), (for_s, -2.6), (20.0, -1.9))
    found = judge(rows, asked(sees_late_from_s=late_s))
    assert any(text.startswith("rate-head-up") for text in found) == broken


HELD: Pieces = (TO_40, (40.0, 0.0))
GONE = {"changes_s": (AT_40_S,), "silent_s": (Span(AT_40_S, np.inf),), "cut_off_s": (Span(AT_40_S, np.inf),)}
CUT = {**EMERGENCY, **GONE, "alarm": "link"}


@pytest.mark.requirement("REQ-PRM-RESCUE", "REQ-PRM-END")
@pytest.mark.parametrize(
    ("pieces", "changes", "returns", "broken"),
    [
        (HELD, GONE, False, ()),
        (HELD, GONE, True, ("left",)),
        (HELD, CUT, False, ()),
        (HELD, CUT, True, ("rescue-horizontal", "rescue-upright")),
        ((TO_40, (1.9, -3.0), (38.1, 0.0)), GONE, False, ()),
        ((TO_40, (2.1, -3.0), (38.0, 0.0)), GONE, False, ("alone",)),
        ((TO_40, (20.0, 0.0), (1.0, 1.0), (20.0, 0.0)), GONE, False, ("alone",)),
        # Reached again for long enough: what is promised after a trip is promised again.
        (HELD, {**CUT, "changes_s": (AT_40_S, 60.0), "cut_off_s": (Span(AT_40_S, 60.0),), "silent_s": ()}, False,
         ("rescue-horizontal", "rescue-upright")),
        (HELD, {**EMERGENCY, "alarm": "link"}, False, ("rescue-horizontal", "rescue-upright")),
        ((*HELD, (1.0, -1.0)), {**CUT, "silent_s": ()}, False, ("left",)),
    ],
)  # fmt: skip
def test_a_table_that_does_not_return_by_itself_stands_while_nobody_reaches_it(
    pieces: Pieces, changes: dict[str, Any], returns: bool, broken: tuple[str, ...]
) -> None:
    found = judge(trace(*pieces), asked(**changes, returns_by_itself=returns))
    assert [text.partition(":")[0] for text in found] == list(broken)


ALONE_UP = (*HELD[:1], TO_FLAT, (5.0, 0.0), UP, (2.0, 0.0))
AWAY = {"silent_s": (Span(AT_40_S, AT_40_S + 49.0),)}


@pytest.mark.requirement("REQ-PRM-UNASKED")
@pytest.mark.parametrize(
    ("more", "changes", "broken"),
    [
        (((5.0, 0.0),), AWAY, ()),
        (((1.0, 0.9),), AWAY, ()),
        (((5.0, 3.0),), {}, ("left",)),
        (((5.0, 3.0), (7.5, -2.0)), {}, ()),
        (((5.0, 3.0), (7.5, -2.0)), AWAY, ("again",)),
        (((5.0, 3.0), (7.5, -2.0)), {**AWAY, "broke_from_s": -np.inf}, ()),
        # Reached again before it was upright: the host brings the rider up, and may have been told to go on.
        (((5.0, 3.0), (7.5, -2.0)), {"silent_s": (Span(AT_40_S, AT_40_S + 20.0),)}, ()),
    ],
)
def test_a_table_that_came_upright_by_itself_stays_there(
    more: Pieces, changes: dict[str, Any], broken: tuple[str, ...]
) -> None:
    found = judge(trace(*ALONE_UP, *more), asked(**changes))
    assert [text.partition(":")[0] for text in found] == list(broken)


def coasts(seconds: float) -> Any:
    """From 40 degrees on at 5 deg/s for so long, then at rest."""
    return put(trace(TO_40, (seconds, 5.0), (9.0, 0.0)), "brake_closed", 0.0)


@pytest.mark.requirement("REQ-PRM-RATE")
@pytest.mark.parametrize(
    ("seconds", "response", "changes", "broken"),
    [
        (1.5, "TORQUE_OFF", {"coasts": True}, ()),
        (1.5, "TORQUE_OFF", {}, ("rate-inverting", "standstill")),
        (1.5, "STOP", {"coasts": True}, ("rate-inverting",)),  # the torque was there to stop it with
        (
            1.5,
            "STOP",
            {"coasts": True, "jolted_s": (Span(AT_40_S - 1.0, np.inf),)},
            (),
        ),  # there was nothing that would obey
        (1.5, "STOP", {"coasts": True, "jolted_s": (Span(AT_40_S + 1.0, np.inf),)}, ("rate-inverting",)),
        (
            2.0,
            "STOP",
            {"jolted_s": (Span(0.0, np.inf),), "cut_off_s": (Span(AT_40_S, 99.0),)},
            ("rate-inverting", "standstill"),
        ),
        (
            2.0,
            "STOP",
            {"jolted_s": (Span(0.0, np.inf),), "cut_off_s": (Span(AT_40_S, 99.0),), "returns_by_itself": False},
            ("standstill",),
        ),
        (2.5, "TORQUE_OFF", {"coasts": True}, ()),
        (4.5, "TORQUE_OFF", {"coasts": True}, ("rate-inverting", "standstill")),
        (1.5, "TORQUE_OFF", {"coasts": True, "brakes": True}, ("standstill",)),  # never on its brake
        (2.5, "TORQUE_OFF", {"coasts": True, "brakes": True}, ("rate-inverting", "standstill")),
        # What hangs on a broken coupling is held by a brake or by nothing.
        (2.5, "TORQUE_OFF", {"broke_from_s": -np.inf}, ()),
        (2.5, "TORQUE_OFF", {"broke_from_s": -np.inf, "coasts": True, "brakes": True}, ("standstill",)),
        (2.5, "TORQUE_OFF", {"broke_from_s": -np.inf, "brakes": True}, ("standstill",)),
    ],
)
def test_a_table_that_nothing_but_friction_slows_may_coast(
    seconds: float, response: str, changes: dict[str, Any], broken: tuple[str, ...]
) -> None:
    case = {
        "limit_deg": 90.0,
        "stuck_s": ALWAYS,
        "brakes": False,
        "alarm": "overspeed",
        **tripped(AT_40_S, response),
        **changes,
    }
    found = judge(coasts(seconds), asked(**case))
    assert [text.partition(":")[0] for text in found] == list(broken)


def test_a_brake_that_slips_may_take_as_long_as_friction_does() -> None:
    """Seed 7, session 12739: with a drive that runs away nothing else slows the table."""
    case = {
        "stuck_s": ALWAYS,
        "broke_from_s": -np.inf,
        "coasts": True,
        "alarm": "x",
        **tripped(AT_40_S, "TORQUE_OFF"),
    }
    for seconds, broken in ((3.9, []), (4.1, ["standstill"])):
        rows = put(coasts(seconds), "brake_closed", 1.0)
        assert [text.partition(":")[0] for text in judge(rows, asked(**case))] == broken


@pytest.mark.parametrize(
    ("brakes", "obeys", "granted_deg"), [(True, False, 3.0), (False, True, 3.0), (False, False, 10.0)]
)
def test_without_a_brake_a_drive_that_disobeys_lets_the_table_coast_on(
    brakes: bool, obeys: bool, granted_deg: float
) -> None:
    able = {"brakes": brakes, "coasts": not brakes, "jolted_s": (Span(np.inf if obeys else 0.0, np.inf),)}
    rows = trace(TO_40, (9.0, 0.0), (3.0, 2.0), (9.0, 0.0))
    stop = tripped(AT_40_S, "TORQUE_OFF")
    found = margins(rows, asked(limit_deg=42.0, stuck_s=ALWAYS, alarm="x", **able, **stop))
    by_rule = {one.rule: one for one in found}
    assert by_rule["angle"].value == pytest.approx(granted_deg - 4.0, abs=0.05)
    assert by_rule["held"].value == pytest.approx(granted_deg - 6.0, abs=0.1)


@pytest.mark.parametrize(
    ("broke_s", "broken"), [(AT_40_S + 5.0, ("angle", "rate-inverting", "accel")), (AT_40_S, ()), (0.0, ())]
)
def test_until_the_load_path_breaks_all_is_judged(broke_s: float, broken: tuple[str, ...]) -> None:
    rows = put(trace(TO_40, (5.0, 6.0), (9.0, 0.0)), "accel_dps2", 40.0, AT_40_S + 1.0, AT_40_S + 1.1)
    case = {"broke_from_s": broke_s, "alarm": "x"}
    assert tuple(text.partition(":")[0] for text in judge(rows, asked(**case))) == broken


@pytest.mark.parametrize(
    ("brakes", "broke", "judged"), [(True, True, True), (False, False, True), (False, True, False)]
)
def test_nothing_holds_a_table_without_a_brake_whose_coupling_broke(brakes: bool, broke: bool, judged: bool) -> None:
    found = margins(trace((9.0, 1.0)), asked(started_s=None, brakes=brakes, broke_from_s=-np.inf if broke else np.inf))
    assert ("unasked" in {one.rule for one in found}) is judged


@pytest.mark.parametrize(
    ("brakes", "broke_s", "broken"),
    [(False, 21.0, False), (False, 25.0, True), (True, 21.0, False), (True, 25.0, True), (False, np.inf, True)],
)
def test_what_nothing_ties_to_its_motor_goes_where_the_riders_weight_wants(
    brakes: bool, broke_s: float, broken: bool
) -> None:
    rows = put(trace((20.0, 2.0), (5.0, 1.0)), "rider_agrees", 0.0, 20.0)
    found = judge(rows, asked(brakes=brakes, broke_from_s=broke_s, alarm="x"))
    assert any(text.startswith("people") for text in found) == broken


@pytest.mark.parametrize(
    ("brakes", "broke", "alarm", "broken"),
    [
        (False, True, "release the brake", False),
        (False, True, "", True),
        (True, True, "x", True),
        (False, False, "x", True),
    ],
)
def test_what_nothing_holds_may_swing_while_somebody_is_told(
    brakes: bool, broke: bool, alarm: str, broken: bool
) -> None:
    case = {"brakes": brakes, "broke_from_s": 20.0 if broke else np.inf, "alarm": alarm}
    found = judge(trace((20.0, 2.0), (1.0, -20.0)), asked(**case))
    assert any(text.startswith("left") for text in found) == broken


@pytest.mark.parametrize(("ties_again_s", "broken"), [(21.0, {"people", "left"}), (24.0, {"left"}), (28.0, set())])
def test_what_a_gear_has_hold_of_again_swings_no_more(ties_again_s: float, broken: set[str]) -> None:
    rows = put(trace((20.0, 2.0), (10.0, 1.0)), "rider_agrees", 0.0, 20.0)
    found = judge(rows, asked(brakes=False, broke_from_s=20.0, ties_again_s=ties_again_s, alarm="x"))
    assert {text.partition(":")[0] for text in found} == broken


@pytest.mark.parametrize(
    ("from_s", "alarm", "broken"),
    [
        (AT_40_S, "press the emergency stop", ()),
        (AT_40_S, "", ("left",)),
        (AT_40_S + 20.0, "press the emergency stop", ("angle", "rate-inverting")),
        (
            np.inf,
            "press the emergency stop",
            ("angle", "rate-inverting", "rescue-horizontal", "rescue-upright", "left"),
        ),
    ],
)
def test_what_a_drive_does_by_old_orders_is_in_nobodys_hands(
    from_s: float, alarm: str, broken: tuple[str, ...]
) -> None:
    """Nothing but an alarm helps from there on; what came before is judged as ever."""
    repeats = None if from_s == np.inf else Span(from_s, np.inf)
    rows = trace(TO_40, (9.0, 5.0), (90.0, 0.2))
    stopped = tripped(AT_40_S + 0.5, "STOP")
    case = {**stopped, "alarm": alarm, "repeats_s": repeats, "changes_s": (AT_40_S, from_s)}
    assert tuple(text.partition(":")[0] for text in judge(rows, asked(**case))) == broken


@pytest.mark.parametrize(
    ("case", "at_s", "broken"),
    [
        ({"slows_alone": False, "cut_off_s": (Span(1.0, 2.0),)}, 2.9, False),
        ({"slows_alone": False, "cut_off_s": (Span(1.0, 2.0),)}, 3.1, True),
        ({"slows_alone": False, "cut_off_s": (Span(1.0, 2.0),)}, 0.9, True),
        ({"cut_off_s": (Span(1.0, 2.0),)}, 1.5, True),  # that one slows down
        ({"late_orders_s": (Span(1.0, 2.0),)}, 0.9, True),
        ({"late_orders_s": (Span(1.0, 2.0),)}, 2.9, False),
        ({"late_orders_s": (Span(1.0, 2.0),)}, 3.1, True),
        ({"freed_s": (1.0,)}, 0.95, True),
        ({"freed_s": (1.0,)}, 1.1, False),
        ({"freed_s": (1.0,)}, 1.25, True),
        ({"startled_s": (1.0,)}, 0.9, True),
        ({"startled_s": (1.0,)}, 1.5, False),
        ({"startled_s": (1.0,)}, 2.1, True),
        ({"returns_by_itself": False, **tripped(2.0, "STOP", "drive-fault")}, 1.6, False),
        ({"returns_by_itself": False, **tripped(2.0, "STOP", "drive-fault")}, 2.9, False),
        ({"returns_by_itself": False, **tripped(2.0, "STOP", "drive-fault")}, 3.1, True),
        ({"returns_by_itself": False, **tripped(2.0, "STOP", "drive-fault")}, 1.4, True),
        ({"returns_by_itself": False, **tripped(2.0, "STOP", "following")}, 2.1, True),
        (tripped(2.0, "STOP", "drive-fault"), 2.1, True),  # a table board has a brake to its taste
    ],
)
def test_what_springs_stop_after_a_drive_let_go_is_nobodys_choice(
    case: dict[str, Any], at_s: float, broken: bool
) -> None:
    rows = put(trace((5.0, 0.0)), "accel_dps2", 40.0, at_s, at_s + 0.02)
    found = margins(rows, asked(**case))
    assert next(one.value < 0.0 for one in found if one.rule == "accel") is broken


def test_disorienting_rates_count_while_a_table_coasts_too() -> None:
    rows = trace(TO_40, (0.5, 11.0), (9.0, 0.0))
    found = judge(rows, asked(stuck_s=ALWAYS, coasts=True, alarm="overspeed", **tripped(AT_40_S, "TORQUE_OFF")))
    assert [text.partition(":")[0] for text in found] == ["rate"]


@pytest.mark.parametrize("brakes", [True, False])
def test_a_drive_that_reports_a_fault_has_let_its_motor_go(brakes: bool) -> None:
    case = {
        "limit_deg": 90.0,
        "stuck_s": ALWAYS,
        "coasts": True,
        "brakes": brakes,
        "alarm": "drive-fault",
    }
    found = judge(coasts(1.5), asked(**case, **tripped(AT_40_S, "STOP", "drive-fault")))
    assert ("rate-inverting" in [text.partition(":")[0] for text in found]) == brakes


@pytest.mark.parametrize(("drifting", "granted_dps"), [(False, 2.5), (True, 3.0)])
def test_a_drive_whose_encoder_drifts_may_turn_upright_a_little_faster(drifting: bool, granted_dps: float) -> None:
    found = margin(trace((20.0, 2.0), (5.0, -2.8)), "rate-head-up", drifting=drifting)
    assert found.value == pytest.approx(granted_dps - 2.8)
