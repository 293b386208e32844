"""The judge itself: for each property a session that keeps it, and one that breaks it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.asked import Span, Tripped
from sim.oracle import false_trips, judge, wrong_causes
from sim.oracle_terms import Margin
from tests.sim.traces import ALWAYS, AT_40_S, EMERGENCY, TO_40, TO_FLAT, UP, Pieces, asked, margin, put, trace, tripped


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


def test_a_margin_is_the_distance_to_the_threshold() -> None:
    assert angle(40.0).value == pytest.approx(3.0)
    assert angle(40.0).share == pytest.approx(1.0)
    assert fast(5.0, -8.0).value == pytest.approx(2.0)
    assert fast(5.0, -8.0).unit == "deg/s"
    assert horizontal(-3.0).value == pytest.approx(3.0, abs=0.05)


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


def test_the_page_of_campaigns_tells_of_every_rule(repository: Path) -> None:
    """A rule is a word that the oracle's sources put into a margin; the two verdicts without one are named here."""
    sources = "".join(path.read_text() for path in (repository / "sim").glob("oracle*.py"))
    made = {*re.findall(r'Margin\("([a-z-]+)"', sources), *re.findall(r'^ +\(?"(rate[a-z-]*)",', sources, re.MULTILINE)}
    rules = {*made, "rescue-horizontal", "rescue-upright", "replay", "ended"}
    table = (repository / "docs" / "campaigns.md").read_text().split("| rule | margin | granted |")[1].split("\n\n")[0]
    told = {name for row in table.splitlines() for name in re.findall(r"`([a-z-]+)`", row.split("|")[1] if row else "")}
    assert told == rules


def test_a_session_that_never_ends_is_told() -> None:
    rows = trace((5.0, 0.0))
    assert [text.split(":")[0] for text in judge(rows, asked(ended=False))] == ["ended"]
    assert judge(rows, asked()) == []
