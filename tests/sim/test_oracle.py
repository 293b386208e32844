"""The judge itself: for each property a session that keeps it, and one that breaks it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.asked import Asked, Drive, Harm, Span, Tripped
from sim.layout import TRACE_COLUMNS
from sim.oracle import false_trips, judge, margins, wrong_causes
from sim.oracle_terms import Margin

ROW_S = 0.01
ALWAYS = (Span(-np.inf, np.inf),)
Pieces = tuple[tuple[float, float], ...]


def trace(*pieces: tuple[float, float]) -> Any:
    """Straight pieces of (seconds, rate in deg/s) from upright, as rows of the truth; on the brake while at rest."""
    rates = np.concatenate([np.full(round(seconds / ROW_S), rate) for seconds, rate in pieces])
    rows = np.zeros((len(rates), len(TRACE_COLUMNS)))
    for name, values in {
        "t_s": np.arange(len(rates)) * ROW_S,
        "rate_dps": rates,
        "angle_deg": -75.0 + np.cumsum(rates) * ROW_S,
        "brake_closed": rates == 0.0,
        "rider_agrees": 1.0,
        "ankle_latch_locked": 1.0,
    }.items():
        rows[:, TRACE_COLUMNS.index(name)] = values
    return rows


def put(rows: Any, name: str, value: float, from_s: float = 0.0, until_s: float = np.inf) -> Any:
    """Change a column for a while."""
    t_s = rows[:, 0]
    rows[(t_s >= from_s - ROW_S / 2) & (t_s < until_s - ROW_S / 2), TRACE_COLUMNS.index(name)] = value
    return rows


def asked(**changes: Any) -> Asked:
    well: dict[str, Any] = {
        "limit_deg": 60.0,
        "started_s": 0.0,
        "trips": (),
        "rest_s": 10.0,
        "person_stopped_s": None,
    }
    drive, harm = ({name: changes.pop(name) for name in part._fields if name in changes} for part in (Drive, Harm))
    return Asked(**{**well, **changes}, drive=Drive(**drive), harm=Harm(**harm))


def tripped(t_s: float, response: str, monitor: str = "hand-switch") -> dict[str, Any]:
    return {"trips": (Tripped(monitor, response, t_s),), "changes_s": (t_s,), "causes": frozenset({"hand-switch"})}


def margin(rows: Any, rule: str, **changes: Any) -> Margin:
    """The margin of a rule that has a say."""
    return next(found for found in margins(rows, asked(**changes)) if found.rule == rule)


TO_40 = (57.5, 2.0)
TO_FLAT = (5.0, -8.0)
UP = (37.5, -2.0)
AT_40_S = 57.5
EMERGENCY = tripped(AT_40_S, "EMERGENCY_RETURN")


@pytest.mark.requirement("REQ-PRM-ANGLE", "REQ-PRM-RATE", "REQ-PRM-UNASKED", "REQ-PRM-RESCUE", "REQ-PRM-END")
@pytest.mark.parametrize(
    ("pieces", "changes", "broken"),
    [
        ((TO_40, TO_FLAT, (5.0, 0.0), UP), {}, ()),
        ((TO_40, TO_FLAT, (5.0, 0.0), UP), EMERGENCY, ()),
        ((TO_40, TO_FLAT, (5.0, 0.0), UP), {"limit_deg": 36.9}, ("angle",)),
        ((TO_40, TO_FLAT, (5.0, 0.0), UP), {"limit_deg": 36.9, "broke_from_s": -np.inf}, ()),
        ((TO_40, (0.2, -11.0), (4.725, -8.0), (5.0, 0.0), UP), {}, ("rate",)),
        (((0.5, 5.0), (0.5, -2.4), (1.0, -1.3)), {}, ("rate-inverting",)),
        ((TO_40, TO_FLAT, (1.0, -3.0), (36.0, -2.0)), {}, ("rate-head-up",)),
        ((TO_40, TO_FLAT, UP), {"started_s": 30.0}, ("unasked",)),
        ((TO_40, TO_FLAT, UP), {"started_s": None}, ("unasked",)),
        ((TO_40, (8.0, 0.0), TO_FLAT, UP), EMERGENCY, ("rescue-horizontal",)),
        ((TO_40, TO_FLAT, (25.0, 0.0), UP), EMERGENCY, ("rescue-upright",)),
        ((TO_40, (90.0, 0.0)), {**EMERGENCY, "alarm": "release the brake"}, ("rescue-horizontal", "rescue-upright")),
        ((TO_40, (90.0, 0.0)), {**EMERGENCY, "stuck_s": ALWAYS, "alarm": "release the brake"}, ()),
        ((TO_40, (90.0, 0.0)), {**EMERGENCY, "stuck_s": ALWAYS}, ("left",)),
        ((TO_40, (90.0, 0.0)), {}, ("left",)),
        (
            (TO_40, (90.0, 0.2)),
            {**tripped(AT_40_S, "STOP"), "stuck_s": ALWAYS, "alarm": "x"},
            ("standstill", "held", "left"),
        ),
        (
            (TO_40, (5.0, 0.0)),
            {**tripped(50.0, "STOP"), "person_stopped_s": 50.0, "alarm": "x"},
            ("standstill", "held"),
        ),
        # What stopped before the person's stop was to be recovered from.
        (
            (TO_40, (5.0, -0.5), (5.0, 0.0)),
            {
                "trips": (Tripped("link", "STOP", AT_40_S), Tripped("emergency-stop", "STOP", AT_40_S + 5.0)),
                "causes": None,
                "person_stopped_s": AT_40_S + 5.0,
                "alarm": "x",
            },
            (),
        ),
        ((TO_40, TO_FLAT, (5.0, 0.0), (35.5, -2.0)), {}, ("left",)),
        ((TO_40, TO_FLAT, (5.0, 0.0), (35.5, -2.0)), {"broke_from_s": -np.inf}, ()),
        ((TO_40, TO_FLAT, (5.0, 0.0), UP), {"replayed": True}, ()),
        ((TO_40, TO_FLAT, (5.0, 0.0), UP), {"replayed": False}, ("replay",)),
    ],
)
def test_a_property(pieces: Pieces, changes: dict[str, Any], broken: tuple[str, ...]) -> None:
    found = judge(trace(*pieces), asked(**changes))
    assert tuple(text.partition(":")[0] for text in found) == broken, found


def test_a_session_without_a_row_breaks_nothing() -> None:
    assert judge(trace((0.0, 0.0)), asked()) == []


def angle(reached_deg: float) -> Margin:
    return margin(trace(((reached_deg + 75.0) / 2.0, 2.0), (20.0, -2.0)), "angle", limit_deg=40.0)


def fast(seconds: float, rate_dps: float) -> Margin:
    return margin(trace((40.0, 2.0), (seconds, rate_dps), (1.0, -1.0)), "rate")


def inverting(seconds: float, rate_dps: float) -> Margin:
    return margin(trace((1.0, 2.0), (seconds, rate_dps), (1.0, -1.0)), "rate-inverting", invert_rate_dps=2.0)


def head_up(seconds: float, rate_dps: float) -> Margin:
    return margin(trace((10.0, 2.0), (seconds, rate_dps), (1.0, -1.0)), "rate-head-up")


def accel(accel_dps2: float) -> Margin:
    return margin(put(trace((1.0, 2.0)), "accel_dps2", accel_dps2, 0.5, 0.6), "accel")


def unasked(crept_deg: float) -> Margin:
    return margin(trace((1.0, 0.0), (1.0, crept_deg), (10.0, 2.0)), "unasked", started_s=2.0)


def people(name: str, for_s: float, rate_dps: float) -> Margin:
    """Released for so long with the table going on, whereof a second is granted."""
    rows = put(trace((5.0, 1.0), (for_s, rate_dps), (5.0, -1.0)), name, 0.0, 5.0, 5.0 + for_s)
    return margin(rows, "people")


def people_runaway(rate_dps: float) -> Margin:
    """The same for two seconds, with a drive that disobeys."""
    rows = put(trace((5.0, 1.0), (2.0, rate_dps), (5.0, -1.0)), "rider_agrees", 0.0, 5.0, 7.0)
    return margin(rows, "people", jolted_s=(Span(6.0, np.inf),))


def horizontal(late_s: float) -> Margin:
    rows = trace(TO_40, (12.0 - 39.0 / 8.0 + late_s, 0.0), TO_FLAT, UP)
    return margin(rows, "rescue-horizontal", **EMERGENCY)


def upright(late_s: float) -> Margin:
    rows = trace(TO_40, TO_FLAT, (65.0 - 5.0 - 36.0 + late_s, 0.0), UP)
    return margin(rows, "rescue-upright", **EMERGENCY)


def standstill(took_s: float) -> Margin:
    rows = trace(TO_40, (took_s, -1.0), (9.0, 0.0))
    return margin(rows, "standstill", person_stopped_s=AT_40_S, **tripped(AT_40_S, "STOP"))


def never_still() -> Margin:
    return margin(trace(TO_40, (9.0, -1.0)), "standstill", person_stopped_s=AT_40_S, **tripped(AT_40_S, "STOP"))


def two_stops(took_s: float) -> Margin:
    """One stop two seconds after another, where nothing but a slipping brake slows the table."""
    rows = trace(TO_40, (2.0 + took_s, -1.0), (9.0, 0.0))
    trips = tuple(Tripped("overspeed", "TORQUE_OFF", at_s) for at_s in (AT_40_S, AT_40_S + 2.0))
    return margin(rows, "standstill", stuck_s=ALWAYS, coasts=True, trips=trips)


def standstill_from_8_dps(took_s: float) -> Margin:
    rows = trace(TO_40, (took_s, -8.0), (9.0, 0.0))
    rows = put(rows, "rate_dps", -8.0, AT_40_S - 0.01, AT_40_S + 0.01)
    return margin(rows, "standstill", person_stopped_s=AT_40_S, **tripped(AT_40_S, "STOP"))


def standstill_of_a_weak_brake(took_s: float) -> Margin:
    rows = trace(TO_40, (took_s, -8.0), (9.0, 0.0))
    rows = put(rows, "rate_dps", -8.0, AT_40_S - 0.01, AT_40_S + 0.01)
    stopped = {"person_stopped_s": AT_40_S, "brake_accel_dps2": 4.0, **tripped(AT_40_S, "STOP")}
    return margin(rows, "standstill", **stopped)


def held(rose_deg: float) -> Margin:
    rows = trace(TO_40, (5.0, 0.0), (2.0, rose_deg / 2.0), (2.0, 0.0))
    return margin(rows, "held", stuck_s=ALWAYS, **tripped(AT_40_S, "TORQUE_OFF"))


def left(at_deg: float) -> Margin:
    return margin(trace((at_deg + 75.0, 1.0), (1.0, 0.0)), "left")


@pytest.mark.parametrize(
    ("rule", "kept", "broken"),
    [
        (angle, (42.98,), (43.04,)),
        (fast, (0.1, -20.0), (0.11, -20.0)),
        (fast, (5.0, -10.0), (5.0, -10.01)),
        (inverting, (0.3, 5.0), (0.31, 5.0)),
        (inverting, (1.0, 3.0), (1.0, 3.01)),
        (head_up, (0.3, -4.0), (0.31, -4.0)),
        (head_up, (5.0, -2.5), (5.0, -2.51)),
        (accel, (29.9,), (30.1,)),
        (accel, (-29.9,), (-30.1,)),
        (accel, (np.nan,), (30.1,)),
        (unasked, (0.99,), (1.02,)),
        (people, ("rider_agrees", 1.0, 2.0), ("rider_agrees", 2.0, 1.1)),
        (people, ("ankle_latch_locked", 1.9, 1.0), ("ankle_latch_locked", 2.1, 1.0)),
        (people_runaway, (2.9,), (3.1,)),
        (horizontal, (-0.05,), (0.05,)),
        (upright, (-0.05,), (0.05,)),
        (standstill, (0.99,), (1.03,)),
        (standstill_from_8_dps, (1.19,), (1.23,)),
        (standstill_of_a_weak_brake, (2.19,), (2.23,)),
        (held, (2.98,), (3.04,)),
        (left, (-72.01,), (-71.5,)),
    ],
)
def test_a_rule_breaks_at_its_threshold_and_not_below(
    rule: Callable[..., Margin], kept: tuple[Any, ...], broken: tuple[Any, ...]
) -> None:
    good, bad = rule(*kept), rule(*broken)
    assert good.value >= 0.0
    assert bad.value < 0.0
    for words in ("promise", "too ", "more than", "without an alarm"):
        assert words not in good.text
    assert "; granted " in good.text
    assert "; granted " in bad.text


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (angle(40.0), "up to 40.00 deg; granted 43 deg, 3 deg above the limit"),
        (angle(44.0), "up to 44.00 deg; granted 43 deg, 3 deg above the limit"),
        (fast(5.0, -8.0), "up to 8.00 deg/s, kept up for longer than 0.1 s, either way; granted 10 deg/s"),
        (fast(5.0, -12.0), "up to 12.00 deg/s, kept up for longer than 0.1 s, either way; granted 10 deg/s"),
        (accel(9.1), "up to 9.10 deg/s2, impacts aside; granted 30 deg/s2, beyond which a rider tips"),
        (accel(31.0), "up to 31.00 deg/s2, impacts aside; granted 30 deg/s2, beyond which a rider tips"),
        (unasked(0.5), "up to 0.50 deg toward inversion before anybody asked; granted 1 deg"),
        (
            people_runaway(2.5),
            "2.50 deg in all toward inversion, faster than 0.1 deg/s, "
            "with the switch released or the latch open for longer than 1 s; granted 3 deg",
        ),
        (standstill(0.9), "stood on its brake 0.90 s after the stop; granted 1 s"),
        (standstill_from_8_dps(1.5), "stood on its brake 1.50 s after the stop; granted 1.2 s"),
        (never_still(), "never stood on its brake after the stop; granted 1 s"),
        (two_stops(1.5), "stood on its brake, up to 2.00 s from a stop to the next one or to standing; granted 2 s"),
        (horizontal(-1.0), "horizontal (1 deg or less) after 10.99 s; granted 12 s from 40.0 deg"),
        (horizontal(1.0), "horizontal (1 deg or less) after 12.99 s; granted 12 s from 40.0 deg"),
        (
            margin(trace(TO_40, TO_FLAT, (70.0, 0.0)), "rescue-upright", **EMERGENCY),
            "not upright (-72 deg or less) at the end of the 74.99 s watched; granted 65 s from 39.9 deg",
        ),
        (
            margin(trace(TO_40, (9.0, 0.05)), "alone", returns_by_itself=False, silent_s=(Span(AT_40_S, np.inf),)),
            "up to 0.05 deg/s, in a silence of the host after its first 2 s; granted 0.1 deg/s",
        ),
        (
            margin(trace((5.0, 3.0), (7.5, -2.0), (1.0, 0.5)), "again", silent_s=(Span(4.0, 12.51),)),
            "up to 0.50 deg toward inversion, after a silence of the host in which it came upright; granted 1 deg",
        ),
        (
            margin(trace((5.0, 2.0), (1.0, 5.0)), "rate-inverting", coasts=True, **tripped(5.0, "TORQUE_OFF")),
            "up to 2.00 deg/s, kept up for longer than 0.3 s, toward inversion, coasting aside; granted 4.5 deg/s",
        ),
        (
            margin(trace((9.0, 2.0), (1.0, -2.0)), "rate-head-up", sees_late_from_s=9.5),
            "up to 2.00 deg/s, kept up for longer than 0.3 s, toward upright while head-up, "
            "until the table's own angle alone shows it; granted 2.5 deg/s",
        ),
        (
            margin(trace((5.0, 2.0), (1.0, 30.0)), "rate", broke_from_s=5.0),
            "up to 2.00 deg/s, kept up for longer than 0.1 s, either way, while tied to its motor; granted 10 deg/s",
        ),
        (
            margin(trace((5.0, 2.0)), "angle", brakes=False, jolted_s=(Span(-9.0, 1.0),)),
            "up to -65.00 deg, after a fault jolted the table; granted 70 deg, 10 deg above the limit",
        ),
        (held(2.0), "up to 2.00 deg toward inversion, once it was to stand; granted 3 deg"),
        (left(-74.5), "ended at -74.50 deg; granted up to -72 deg"),
        (
            left(20.0),
            "ended at 20.00 deg, turning at 0.00 deg/s, without an alarm; "
            "granted up to -72 deg, or up to 0.1 deg/s and an alarm",
        ),
        (
            margin(trace((9.0, 2.0)), "left", alarm="x", returns_by_itself=False, silent_s=ALWAYS),
            "ended at -57.00 deg, turning at 2.00 deg/s, with an alarm; granted up to -72 deg, or up to 0.1 deg/s",
        ),
    ],
)
def test_a_margin_says_what_was_measured_and_what_is_granted(found: Margin, text: str) -> None:
    assert found.text == text


def test_how_fast_the_rate_changes_is_judged_until_nobody_chooses_it() -> None:
    rows = put(trace((1.0, 2.0), (1.0, -2.0)), "accel_dps2", 40.0, 1.0, 1.1)
    assert [text.partition(":")[0] for text in judge(rows, asked())] == ["accel"]
    assert [text.partition(":")[0] for text in judge(rows, asked(jolted_s=(Span(1.05, np.inf),)))] == ["accel"]
    assert judge(rows, asked(jolted_s=(Span(1.0, np.inf),))) == []
    assert judge(rows, asked(jolted_s=(Span(-9.0, 1.0),))) == []  # what clamped then takes its time
    assert [text.partition(":")[0] for text in judge(rows, asked(jolted_s=(Span(-9.0, -3.0),)))] == ["accel"]
    assert judge(rows, asked(broke_from_s=-np.inf)) == []


def test_a_margin_is_the_distance_to_the_threshold() -> None:
    assert angle(40.0).value == pytest.approx(3.0)
    assert angle(40.0).share == pytest.approx(1.0)
    assert fast(5.0, -8.0).value == pytest.approx(2.0)
    assert fast(5.0, -8.0).unit == "deg/s"
    assert horizontal(-3.0).value == pytest.approx(3.0, abs=0.05)


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


def test_a_trip_is_a_right_answer_or_a_wrong_one() -> None:
    right = asked(**EMERGENCY)
    assert wrong_causes(right) == []
    wrong = right._replace(causes=frozenset({"link"}))
    assert wrong_causes(wrong) == ["cause: hand-switch (EMERGENCY_RETURN) at 57.50 s"]
    assert wrong_causes(wrong._replace(causes=None)) == []


def test_a_trip_before_any_fault_is_false() -> None:
    early = asked(**{**EMERGENCY, "changes_s": (AT_40_S + 0.1,)})
    assert len(false_trips(early)) == 1
    assert wrong_causes(early) == []
    assert len(false_trips(early._replace(changes_s=()))) == 1
    assert false_trips(asked(**EMERGENCY)) == []


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
    ("changes", "ends_deg", "broken"),
    [
        ({"unsure_upright": True, "alarm": "look"}, -58.0, ()),
        ({"unsure_upright": True, "alarm": "look"}, -56.0, ("rescue-upright",)),
        ({"unsure_upright": True}, -58.0, ("rescue-upright", "left")),
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


def test_the_page_of_campaigns_tells_of_every_rule(repository: Path) -> None:
    """A rule is a word that the oracle's sources put into a margin; the two verdicts without one are named here."""
    sources = "".join(path.read_text() for path in (repository / "sim").glob("oracle*.py"))
    made = {*re.findall(r'Margin\("([a-z-]+)"', sources), *re.findall(r'^ +\(?"(rate[a-z-]*)",', sources, re.MULTILINE)}
    rules = {*made, "rescue-horizontal", "rescue-upright", "replay", "ended"}
    table = (repository / "docs" / "campaigns.md").read_text().split("| rule | margin | granted |")[1].split("\n\n")[0]
    told = {name for row in table.splitlines() for name in re.findall(r"`([a-z-]+)`", row.split("|")[1] if row else "")}
    assert told == rules


@pytest.mark.requirement("REQ-PRM-END")
@pytest.mark.parametrize(("upright_deg", "broken"), [(-75.0, True), (-64.0, True), (-60.0, False), (-45.0, False)])
def test_upright_is_where_the_tables_file_says(upright_deg: float, broken: bool) -> None:
    rows = trace((10.0, 2.0), (5.0, -1.0), (5.0, 0.0))  # it ends at -60 deg
    assert any(text.startswith("left") for text in judge(rows, asked(upright_deg=upright_deg))) is broken


def test_a_session_that_never_ends_is_told() -> None:
    rows = trace((5.0, 0.0))
    assert [text.split(":")[0] for text in judge(rows, asked(ended=False))] == ["ended"]
    assert judge(rows, asked()) == []


def test_a_stop_outside_of_what_is_judged_says_nothing_of_it() -> None:
    """A line that repeats old orders divides the session: the part after it does not show what came before."""
    rows = trace(TO_40, (0.5, 0.5), (60.0, 0.0))
    trips = (Tripped("drive-fault", "STOP", AT_40_S),)
    repeats_s = Span(AT_40_S + 20.0, AT_40_S + 21.0)
    found = judge(rows, asked(trips=trips, stuck_s=ALWAYS, repeats_s=repeats_s, alarm="x", causes=None))
    assert not any(text.startswith("standstill") for text in found)
