"""A return by itself: its paces, its stages, its budget, and what it takes over from the envelope."""

import math
from typing import Any

import pytest

from safety.limits import MACHINE, narrow
from safety.profile import Pace
from safety.returning import Returning, Stage, creep, emergency_return, normal_return
from safety.signals import MotionRequest
from safety.view import STANDSTILL_DPS, View
from tests.safety.kinematic_table import TABLE, at, comes_up, let_go

pytestmark = pytest.mark.requirement("REQ-RSP-SMOOTH")
DT_S = 0.01


def view_at(angle_deg: float | None, **changes: Any) -> View:
    """A table that stands at an angle by both channels, or blind at an estimate."""
    view = View(TABLE, TABLE, "hold-to-run", now_s=100.0, dt_s=DT_S)
    view.angles.angle_deg = view.angles.best_deg = angle_deg
    view.angles.rate_dps = 0.0
    for name, value in changes.items():
        setattr(view.angles if hasattr(view.angles, name) else view, name, value)
    return view


def ticked(returning: Returning, view: View, ticks: int) -> list[float | None]:
    """The rates of so many ticks; the table follows."""
    rates = []
    for _ in range(ticks):
        view.now_s += DT_S
        rates.append(returning.rate_dps(view))
        if view.angles.angle_deg is not None:
            view.angles.angle_deg += (rates[-1] or 0.0) * DT_S
            view.angles.best_deg = view.angles.angle_deg
    return rates


def test_the_paces_of_the_three_returns() -> None:
    assert normal_return(MACHINE) == (Pace(3.0, 2.0, 4.0), Pace(1.5, 2.0, 4.0), MACHINE.return_rest_s)
    assert emergency_return(MACHINE) == (Pace(8.0, 8.0, 40.0), Pace(2.0, 2.0, 4.0), 5.0)
    assert creep(MACHINE) == (Pace(4.0, 4.0, 8.0), Pace(1.5, 4.0, 8.0), 5.0)


def test_no_return_counts_on_braking_harder_than_the_brake_does() -> None:
    weak = narrow(MACHINE, {"brake_accel_dps2": 4.0}, "weak")
    assert emergency_return(weak).inverted.accel_dps2 == 4.0
    assert creep(weak).inverted.accel_dps2 == creep(weak).head_up.accel_dps2 == 4.0
    assert normal_return(weak) == normal_return(MACHINE)


@pytest.mark.requirement("REQ-LIM-RESCUE")
def test_a_gentle_session_has_no_gentler_return() -> None:
    gentle = narrow(MACHINE, {"accel_dps2": 0.1, "jerk_dps3": 0.1}, "gentle")
    for plan in (normal_return, emergency_return, creep):
        assert plan(gentle) == plan(MACHINE)
        harder = narrow(MACHINE, {"return_accel_dps2": 1.8, "return_jerk_dps3": 3.6}, "table")
        assert plan(harder) != plan(MACHINE)


@pytest.mark.parametrize("brake_dps2", [7.0, 5.0, 4.0])
def test_with_a_weaker_brake_a_return_still_ends_at_horizontal(brake_dps2: float) -> None:
    table = at(55.0, limits=narrow(TABLE, {"brake_accel_dps2": brake_dps2}, "weak"))
    table.run(3.0)  # this rig stands at once: let what is expected of the brake catch up
    let_go(table)
    table.until(lambda: table.angle_deg <= 1.0, 12.0)
    table.until(lambda: table.braked, 2.0)
    assert table.angle_deg == pytest.approx(0.0, abs=0.2)
    comes_up(table)
    assert table.causes() == ["hand-switch"]


@pytest.mark.parametrize(
    ("angle_deg", "stage"),
    [
        (5.0, Stage.TO_FLAT),
        (0.5, Stage.FLAT),
        (0.0, Stage.FLAT),
        (-1.0, Stage.TO_UPRIGHT),
        (-5.0, Stage.TO_UPRIGHT),
        (None, Stage.TO_UPRIGHT),
    ],
)
def test_it_begins_where_the_table_is(angle_deg: float | None, stage: Stage) -> None:
    assert Returning(emergency_return(TABLE), view_at(angle_deg)).stage is stage


@pytest.mark.parametrize(
    ("angle_deg", "rate_dps", "stage"),
    [
        (-1.2, -3.0, Stage.FLAT),
        (-9.9, -3.0, Stage.FLAT),
        (-10.0, -3.0, Stage.TO_UPRIGHT),
        (-10.1, -3.0, Stage.TO_UPRIGHT),
        (-1.2, -2.2, Stage.TO_UPRIGHT),
        (-1.2, -2.1, Stage.TO_UPRIGHT),
        (None, -3.0, Stage.TO_UPRIGHT),
    ],
)
def test_a_table_that_is_carried_past_horizontal_too_fast_rests_where_it_stops(
    angle_deg: float | None, rate_dps: float, stage: Stage
) -> None:
    for plan in (normal_return(TABLE), emergency_return(TABLE), creep(TABLE)):
        view = view_at(angle_deg, rate_dps=rate_dps)
        returning = Returning(plan, view)
        assert returning.stage is stage
        rests = ticked(returning, view, round(plan.rest_s / DT_S) - 1)
        assert (rests == [None] * len(rests)) is (stage is Stage.FLAT)
        assert ticked(returning, view, 2)[-1] is not None


@pytest.mark.parametrize(("angle_deg", "stands"), [(-1.2, True), (-20.0, False)])
def test_a_return_that_finds_the_table_too_fast_head_up_brakes_it(angle_deg: float, stands: bool) -> None:
    table = at(40.0)
    let_go(table)
    table.run(0.5)
    table.silent = True
    table.run(12.0)
    table.silent, table.angle_deg, table.rate_dps, table.braked = False, angle_deg, -3.5, False
    table.move = lambda _: -3.5
    table.until(lambda: table.verdict.command is not None, 1.0)  # a moment after each silence is the board's
    table.move = lambda rate_dps: rate_dps
    table.run(0.25)
    assert abs(table.rate_dps) < 2.05
    table.run(2.0)
    assert table.braked is stands
    comes_up(table)
    assert set(table.causes()) == {"hand-switch", "link"}


def test_a_return_that_came_to_rest_a_little_beyond_horizontal_goes_on_from_there() -> None:
    """It took its pace back at the last moment; nothing in a return goes back toward inversion for that."""
    view = view_at(20.0)
    returning = Returning(emergency_return(TABLE), view)
    for _ in range(600):
        if returning.stage is Stage.FLAT:
            break
        view.now_s += DT_S
        if view.angles.angle_deg < 1.0:  # type: ignore[operator]  # by dead reckoning the rider is head-up already
            view.angles.lost_angles, view.angles.estimate_deg = 1, -0.5
        safe_dps = min(returning.rate_dps(view) or 0.0, 0.0)  # as the envelope gives it
        returning.follow(safe_dps)
        view.angles.angle_deg += safe_dps * DT_S  # type: ignore[operator]
        view.angles.best_deg = view.angles.angle_deg
    assert returning.stage is Stage.FLAT
    assert -4.0 < view.angles.angle_deg < -1.0  # type: ignore[operator]


@pytest.mark.parametrize(
    ("angle_deg", "budget_s"),
    [(40.0, 1.5 * (5.0 + 5.0 + 37.5) + 5.0), (-30.0, 1.5 * 42.5 + 5.0), (None, 1.5 * (7.5 + 42.5) + 5.0)],
)
def test_it_may_take_half_as_long_again_as_planned(angle_deg: float | None, budget_s: float) -> None:
    returning = Returning(emergency_return(TABLE), view_at(angle_deg))
    assert returning.budget_s == pytest.approx(budget_s)
    assert returning.deadline_s == pytest.approx(100.0 + budget_s)


def test_it_goes_on_from_the_rate_and_the_angle_that_it_finds() -> None:
    assert ticked(Returning(emergency_return(TABLE), view_at(40.0, rate_dps=-2.0)), view_at(40.0), 1) == [
        pytest.approx(-2.002)
    ]


def test_to_horizontal_a_rest_and_on_to_upright() -> None:
    view = view_at(10.0)
    returning = Returning(emergency_return(TABLE), view)
    moving = 0
    while returning.stage is Stage.TO_FLAT:
        ticked(returning, view, 1)
        moving += 1
        assert moving < 500
    assert view.angles.angle_deg == pytest.approx(0.0, abs=0.1)
    rates = ticked(returning, view, 501)
    assert rates[:499] == [None] * 499
    assert rates[-1] is not None
    assert returning.stage is Stage.TO_UPRIGHT
    assert rates[-1] < 0.0


def test_a_rest_can_be_prolonged_and_its_time_is_not_the_return_s() -> None:
    view = view_at(0.0, request=MotionRequest(hold_flat=True))
    returning = Returning(emergency_return(TABLE), view)
    assert ticked(returning, view, 1000) == [None] * 1000
    assert returning.deadline_s == pytest.approx(view.now_s + returning.budget_s)
    view.request = MotionRequest()
    assert ticked(returning, view, 1) != [None]


def test_a_table_that_slips_from_its_rest_is_brought_back() -> None:
    view = view_at(0.0)
    returning = Returning(emergency_return(TABLE), view)
    ticked(returning, view, 10)
    view.angles.angle_deg = view.angles.best_deg = 1.9
    assert ticked(returning, view, 1) == [None]
    view.angles.angle_deg = view.angles.best_deg = 2.1
    (rate,) = ticked(returning, view, 1)
    assert rate is not None
    assert rate < 0.0
    assert rate == pytest.approx(-0.002)
    assert returning.stage is Stage.TO_FLAT


@pytest.mark.parametrize(
    ("rate_dps", "stood_deg", "goes_back"),
    [(3.0, 0.6, True), (3.0, 0.5, False), (3.0, 0.4, False), (0.21, 0.6, True), (0.2, 0.6, False), (0.0, 0.6, False)],
)
def test_a_table_that_was_still_turning_down_as_its_rest_began_is_brought_back_to_horizontal(
    rate_dps: float, stood_deg: float, goes_back: bool
) -> None:
    view = view_at(-0.2, rate_dps=rate_dps)
    returning = Returning(normal_return(TABLE), view)
    assert [returning.stage] == [Stage.FLAT]
    view.angles.angle_deg = view.angles.best_deg = 0.7
    assert ticked(returning, view, 1) == [None]  # before it stands
    view.angles.angle_deg = view.angles.best_deg = stood_deg
    view.standing_s = 0.1
    ticked(returning, view, 1)
    assert (returning.stage is Stage.TO_FLAT) == goes_back


@pytest.mark.parametrize(("stood_deg", "goes_back"), [(1.5, True), (0.6, True), (0.5, False)])
def test_a_table_that_rests_is_brought_to_horizontal_by_the_angle_that_is_left(
    stood_deg: float, goes_back: bool
) -> None:
    """What is granted to one that slips is not granted to an angle that drifted: it stands there from the first."""
    view = view_at(0.0)
    returning = Returning(normal_return(TABLE), view)
    view.angles.angle_deg = view.angles.best_deg = stood_deg
    view.standing_s = 0.1
    assert ticked(returning, view, 10) == [None] * 10
    returning.look_again()
    ticked(returning, view, 1)
    assert (returning.stage is Stage.TO_FLAT) == goes_back


def test_an_encoder_that_ran_ahead_on_the_way_and_is_lost_in_the_rest_leaves_nobody_head_down() -> None:
    """The board controls by it, so the table falls behind."""
    table, lost, share = at(20.0), False, 0.92
    table.move = lambda rate_dps: rate_dps * share
    table.bend = lambda t: t._replace(
        rate_dps=(t.rate_dps or 0.0) / share, encoder_deg=None if lost else 20.0 - (20.0 - table.angle_deg) / share
    )
    let_go(table)
    table.until(lambda: table.braked and table.angle_deg < 10.0, 20.0)
    assert table.angle_deg == pytest.approx(1.6, abs=0.1)
    lost = True
    table.until(lambda: table.angle_deg < 0.6, 4.0)
    assert table.phase == "RETURNING"


def test_a_brake_that_settles_later_makes_no_motion_of_a_rest() -> None:
    view = view_at(-0.2, rate_dps=3.0)
    returning = Returning(normal_return(TABLE), view)
    view.standing_s = 0.1
    ticked(returning, view, 1)
    view.angles.angle_deg = view.angles.best_deg = 0.6
    assert ticked(returning, view, 1) == [None]


@pytest.mark.parametrize(
    ("low_deg", "head_up", "brake_dps2", "most_dps"),
    [
        (3.0, False, 8.0, 8.0),
        (3.0, False, 4.0, 32.0**0.5),
        (0.0, False, 8.0, 4.0),
        (-0.4, False, 8.0, 9.6**0.5),
        (-0.4, True, 8.0, 2.0),
        (-1.0, False, 8.0, 2.0),
        (-60.0, True, 8.0, 2.0),
        (None, False, 8.0, math.inf),
    ],
)
def test_it_is_slow_in_time_by_the_lower_of_two_angles(
    low_deg: float | None, head_up: bool, brake_dps2: float, most_dps: float
) -> None:
    view = view_at(3.0, low_deg=low_deg, head_up=head_up)
    view.limits = narrow(TABLE, {"brake_accel_dps2": brake_dps2}, "weak")
    assert Returning(emergency_return(TABLE), view).fastest_dps(view) == pytest.approx(most_dps)


@pytest.mark.parametrize("less_dps", [2.0, 0.1])
def test_it_takes_over_the_rate_that_the_envelope_gave(less_dps: float) -> None:
    view = view_at(40.0)
    returning = Returning(emergency_return(TABLE), view)
    given_dps = (ticked(returning, view, 50)[-1] or 0.0) + less_dps
    returning.follow(given_dps)
    assert ticked(returning, view, 1) == [pytest.approx(given_dps - 0.002)]


@pytest.mark.parametrize(("outvoted_deg", "careful"), [(-20.0, True), (3.9, True), (4.0, False)])
def test_an_outvoted_angle_that_says_head_up_or_nearly_makes_it_careful(outvoted_deg: float, careful: bool) -> None:
    view = view_at(40.0)
    returning = Returning(emergency_return(TABLE), view)
    view.angles.encoder.value_deg, view.angles.inclinometer.value_deg = outvoted_deg, 40.0
    view.angles.estimate_deg, view.angles.disagreement_deg = 40.0, outvoted_deg - 40.0
    view.angles.vote()
    returning.rate_dps(view)
    assert (returning.pace == returning.plan.head_up) is careful


@pytest.mark.parametrize(
    ("lost_angles", "estimate_deg", "careful"),
    [(1, -0.1, True), (1, 0.0, False), (1, 20.0, False), (1, None, False), (0, -0.1, False)],
)
def test_dead_reckoning_that_says_head_up_makes_it_careful_once_an_angle_is_lost(
    lost_angles: int, estimate_deg: float | None, careful: bool
) -> None:
    view = view_at(40.0, lost_angles=lost_angles, estimate_deg=estimate_deg)
    returning = Returning(emergency_return(TABLE), view)
    returning.rate_dps(view)
    assert (returning.pace == returning.plan.head_up) is careful


@pytest.mark.parametrize(
    ("angle_deg", "stage"),
    [(1.1, Stage.TO_FLAT), (1.0, Stage.FLAT), (None, Stage.FLAT)],
)
def test_a_table_that_stays_more_than_a_degree_behind_its_reference_is_driven_on(
    angle_deg: float | None, stage: Stage
) -> None:
    """With no angle the reference alone decides."""
    view = view_at(angle_deg, best_deg=1.1 if angle_deg is None else angle_deg)
    returning = Returning(emergency_return(TABLE), view)
    assert [returning.stage] == [Stage.TO_FLAT]
    rates = []
    for _ in range(300):  # longer than the reference takes
        view.now_s += DT_S
        rates.append(returning.rate_dps(view))
    assert returning.stage is stage
    assert (None in rates) is (stage is Stage.FLAT)


def test_a_table_that_is_not_seen_upright_at_the_end_of_its_way_is_driven_on() -> None:
    view = view_at(TABLE.upright_deg + 0.5)
    returning = Returning(emergency_return(TABLE), view)
    rates = ticked(returning, view, 200)
    assert 0.0 in rates
    assert None not in rates
    assert returning.stage is Stage.TO_UPRIGHT


def test_with_no_angle_and_no_estimate_left_it_goes_on_from_its_rest_to_upright() -> None:
    view = view_at(0.0)
    returning = Returning(emergency_return(TABLE), view)
    assert [returning.stage] == [Stage.FLAT]
    view.angles.angle_deg = view.angles.best_deg = None
    view.angles.lost_angles = 3
    view.now_s += returning.plan.rest_s
    assert all(rate is not None and rate < 0.0 for rate in ticked(returning, view, 10))
    assert returning.stage is Stage.TO_UPRIGHT


@pytest.mark.parametrize(("early_s", "rests"), [(0.001, True), (0.0, False)])
def test_a_rest_is_over_when_its_time_is(early_s: float, rests: bool) -> None:
    view = view_at(0.0)
    returning = Returning(emergency_return(TABLE), view)
    view.now_s += returning.plan.rest_s - early_s
    assert returning.rests(view) is rests
    assert (returning.rate_dps(view) is None) is rests


@pytest.mark.parametrize(
    ("rate_dps", "lost_angles", "arrived"), [(-0.19, 0, True), (-0.2, 0, False), (-2.0, 0, False), (-2.0, 1, True)]
)
def test_it_has_arrived_when_it_is_upright_and_slow_or_an_angle_is_lost(
    rate_dps: float, lost_angles: int, arrived: bool
) -> None:
    view = view_at(-74.0, rate_dps=rate_dps, lost_angles=lost_angles, upright=True)
    returning = Returning(emergency_return(TABLE), view)
    assert (returning.rate_dps(view) is None) is arrived
    assert (returning.stage is Stage.ARRIVED) is arrived


@pytest.mark.parametrize(
    ("began_deg", "moved", "found_deg", "stage", "rests_s"),
    [
        (0.0, 2.0, 0.3, Stage.FLAT, 3.0),
        (0.0, 2.0, 1.9, Stage.FLAT, 3.0),
        (0.0, 2.0, -9.9, Stage.FLAT, 3.0),
        (0.0, 2.0, 2.0, Stage.FLAT, 3.0),
        (0.0, 2.0, 2.1, Stage.TO_FLAT, 5.0),
        (0.0, 2.0, -10.0, Stage.TO_UPRIGHT, 0.0),
        (0.0, 2.0, -10.1, Stage.TO_UPRIGHT, 0.0),
        (0.0, 5.5, -0.9, Stage.FLAT, 0.0),
        (0.0, 5.5, -1.1, Stage.TO_UPRIGHT, 0.0),
        (20.0, 0.5, -0.9, Stage.FLAT, 5.0),
        (20.0, 0.5, -5.0, Stage.FLAT, 5.0),
        (20.0, 0.5, -10.1, Stage.TO_UPRIGHT, 0.0),
        (20.0, 0.5, 0.6, Stage.TO_FLAT, 5.0),
        (0.0, 2.0, None, Stage.TO_UPRIGHT, 0.0),
    ],
)
def test_a_return_that_others_moved_goes_on_where_it_finds_the_table(
    began_deg: float, moved: float, found_deg: float | None, stage: Stage, rests_s: float
) -> None:
    """A rest at horizontal is neither given twice nor left out; the budget is that of the whole return."""
    view = view_at(began_deg)
    returning = Returning(emergency_return(TABLE), view)
    ticked(returning, view, round(moved / DT_S))
    view.angles.angle_deg = view.angles.best_deg = found_deg
    again = returning.anew(view)
    assert again.stage is stage
    assert (again.budget_s, again.deadline_s) == (returning.budget_s, returning.deadline_s + view.dt_s)
    waited = 0
    while again.stage is Stage.TO_FLAT:
        ticked(again, view, 1)
    while ticked(again, view, 1) == [None]:
        waited += 1
    assert waited * DT_S == pytest.approx(rests_s, abs=0.03)


def test_a_return_that_loses_every_angle_while_it_rests_goes_on_upright() -> None:
    view = view_at(0.0)
    returning = Returning(emergency_return(TABLE), view)
    view.angles.angle_deg = view.angles.best_deg = None
    view.now_s += returning.plan.rest_s
    rate_dps = returning.rate_dps(view)
    assert returning.stage is Stage.TO_UPRIGHT
    assert rate_dps is not None
    assert rate_dps < 0.0


def test_a_return_takes_over_a_rate_that_differs_a_little() -> None:
    view = view_at(50.0)
    returning = Returning(emergency_return(TABLE), view)
    returning.follow(-0.5)
    assert returning.rate_dps(view) == pytest.approx(-0.5, abs=0.01)


@pytest.mark.parametrize(
    ("rate_dps", "stage"), [(-STANDSTILL_DPS, Stage.TO_UPRIGHT), (-0.9 * STANDSTILL_DPS, Stage.ARRIVED)]
)
def test_at_the_upright_switch_a_return_has_arrived_once_it_stands(rate_dps: float, stage: Stage) -> None:
    view = view_at(-60.0)
    returning = Returning(emergency_return(TABLE), view)
    returning.follow(rate_dps)
    view.upright = True
    returning.rate_dps(view)
    assert returning.stage is stage
