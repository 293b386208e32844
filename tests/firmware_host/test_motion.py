"""Jerk-limited motion: it keeps its limits, ends exactly, and rests before it reverses."""

from math import cbrt, inf, isclose, nan, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_host.control.motion import (
    ARRIVED_DEG,
    CORRECTION_DPS,
    REVERSAL_REST_S,
    Motion,
    MotionError,
    move_time,
)
from safety.profile import Pace

USUAL = Pace(2.0, 2.0, 4.0)

angles = st.floats(-90.0, 90.0)
rates = st.floats(-8.0, 8.0)
paces = st.builds(Pace, st.floats(0.1, 8.0), st.floats(0.1, 12.0), st.floats(0.1, 60.0))


def motion(to_deg: float, from_deg: float, rate_dps: float = 0.0, pace: Pace = USUAL) -> Motion:
    """Start a motion."""
    moving = Motion(from_deg)
    moving.start(to_deg, from_deg, rate_dps, pace)
    return moving


def closed_form_s(distance_deg: float, pace: Pace) -> float:
    """Duration from rest to rest by the textbook, for each shape of the profile."""
    distance, (v, a, j) = abs(distance_deg), pace
    short_s = 4.0 * cbrt(distance / (2.0 * j))
    if v * j < a * a:  # the rate limit is met before the acceleration limit
        ramp_s = 2.0 * sqrt(v / j)
        return ramp_s + distance / v if distance >= v * ramp_s else short_s
    if distance >= v * (v / a + a / j):
        return distance / v + v / a + a / j
    if distance >= 2.0 * a**3 / (j * j):
        return a / j + sqrt((a / j) ** 2 + 4.0 * distance / a)
    return short_s


@given(angles, angles, paces)
def test_durations_are_those_of_the_textbook(from_deg: float, to_deg: float, pace: Pace) -> None:
    took = move_time(from_deg, to_deg, pace).duration_s
    assert isclose(took, closed_form_s(to_deg - from_deg, pace), rel_tol=1e-4, abs_tol=1e-3)
    assert took == motion(to_deg, from_deg, pace=pace).duration_s


@pytest.mark.parametrize("rate_dps", [0.1, 0.5, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("accel_dps2", [0.1, 0.5, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("jerk_dps3", [0.1, 1.0, 4.0, 16.0])
def test_round_numbers_can_be_planned(rate_dps: float, accel_dps2: float, jerk_dps3: float) -> None:
    # ruckig 0.19 loses such a plan to rounding at -1.3 to -1.5 deg with 0.1 for all three limits
    pace = Pace(rate_dps, accel_dps2, jerk_dps3)
    for tenths in range(1, 100):
        assert move_time(-1.30032435676369, -1.30032435676369 - tenths / 10.0, pace).duration_s > 0.0
        assert move_time(0.0, tenths / 10.0, pace).duration_s > 0.0


def test_a_motion_on_the_border_of_two_shapes_is_planned_a_little_slower() -> None:
    pace = Pace(0.1, 0.1, 0.1)
    took = move_time(-1.30032435676369, -1.50032435676369, pace).duration_s
    assert isclose(took, closed_form_s(0.2, pace), rel_tol=1e-2)


@given(angles, angles, paces)
def test_time_inverted_is_the_part_above_horizontal(from_deg: float, to_deg: float, pace: Pace) -> None:
    there = move_time(from_deg, to_deg, pace)
    back = move_time(to_deg, from_deg, pace)
    assert 0.0 <= there.inverted_s <= there.duration_s
    assert isclose(there.inverted_s, back.inverted_s, rel_tol=1e-3, abs_tol=1e-3)
    if from_deg < 0.0 < to_deg:
        crossing_s = there.duration_s - there.inverted_s
        assert isclose(motion(to_deg, from_deg, pace=pace).at(crossing_s).angle_deg, 0.0, abs_tol=1e-6)


@pytest.mark.requirement("REQ-SES-PACE")
@given(angles, angles, paces, st.floats(0.0, 1.0))
def test_from_rest_it_stays_between_its_ends_and_below_its_rate(
    from_deg: float, to_deg: float, pace: Pace, part: float
) -> None:
    moving = motion(to_deg, from_deg, pace=pace)
    angle_deg, rate_dps = moving.at(part * moving.duration_s)
    assert min(from_deg, to_deg) - 1e-6 <= angle_deg <= max(from_deg, to_deg) + 1e-6
    assert abs(rate_dps) <= pace.rate_dps + 1e-6


@given(angles, angles, rates, paces)
def test_it_ends_exactly_at_the_target_and_at_rest(to_deg: float, from_deg: float, rate_dps: float, pace: Pace) -> None:
    moving = motion(to_deg, from_deg, rate_dps, pace)
    assert moving.at(moving.duration_s) == (to_deg, 0.0)
    assert moving.at(1e9) == (to_deg, 0.0)
    angle_deg, ends_dps = moving.at(moving.duration_s - 1e-7)
    assert isclose(angle_deg, to_deg, abs_tol=1e-5)
    assert isclose(ends_dps, 0.0, abs_tol=1e-3)


@pytest.mark.requirement("REQ-SES-PACE")
@given(angles, angles, rates, paces)
def test_it_begins_where_the_table_is_and_has_no_steps(
    to_deg: float, from_deg: float, rate_dps: float, pace: Pace
) -> None:
    moving = motion(to_deg, from_deg, rate_dps, pace)
    if moving.duration_s > 0.0:
        assert moving.at(0.0) == pytest.approx((from_deg, rate_dps), abs=1e-5)
        assert moving.at(-1.0) == moving.at(0.0)
    last = moving.at(0.0)
    for tick in range(1, 200):
        now = moving.at(tick * 0.01)
        assert abs(now.rate_dps - last.rate_dps) <= pace.accel_dps2 * 0.01 + 1e-6
        assert abs(now.angle_deg - last.angle_deg) <= max(abs(rate_dps), pace.rate_dps) * 0.01 + 1e-6
        last = now


@pytest.mark.requirement("REQ-SES-PACE")
@pytest.mark.parametrize(("to_deg", "rate_dps"), [(-20.0, 2.0), (20.0, -2.0), (0.5, 2.0)])
def test_it_rests_before_it_reverses(to_deg: float, rate_dps: float) -> None:
    moving = motion(to_deg, 0.0, rate_dps)
    signs: list[int] = []
    rested_s = 0.0
    for tick in range(int(moving.duration_s * 1000.0)):
        rate = moving.at(tick * 0.001).rate_dps
        rested_s += 0.001 if rate == 0.0 else 0.0
        sign = (rate > 1e-9) - (rate < -1e-9)
        if sign and (not signs or signs[-1] != sign):
            signs.append(sign)
    assert signs == [1, -1] if rate_dps > 0.0 else [-1, 1]
    assert rested_s == pytest.approx(REVERSAL_REST_S, abs=0.003)


def test_it_does_not_rest_when_it_can_stop_going_the_way_it_goes() -> None:
    moving = motion(20.0, 0.0, 2.0)
    assert all(moving.at(tick * 0.01).rate_dps > 0.0 for tick in range(int(moving.duration_s * 100.0)))


def test_a_narrower_pace_in_flight_is_reached_and_kept() -> None:
    moving = motion(40.0, 0.0, 3.0, Pace(1.0, 2.0, 4.0))
    settled_s = 2.0
    assert moving.at(0.0).rate_dps == 3.0
    assert all(
        moving.at(settled_s + tick * 0.1).rate_dps <= 1.0 + 1e-9 for tick in range(int(moving.duration_s * 10.0))
    )


def test_already_there_is_finished_at_once() -> None:
    moving = motion(10.0, 10.0)
    assert moving.duration_s == 0.0
    assert moving.finished(0.0, 10.0)
    assert moving.rate_to_ask_dps(0.0, 10.0) == 0.0


def test_a_new_motion_stands_where_it_was_made() -> None:
    moving = Motion(-75.0)
    assert moving.at(0.0) == (-75.0, 0.0)
    assert moving.finished(0.0, -75.0)


@pytest.mark.parametrize("distance_deg", [1e-12, 1e-9, 1e-6, 1e-3, -1e-12, -1e-6])
def test_tiny_motions_end(distance_deg: float) -> None:
    moving = motion(30.0 + distance_deg, 30.0)
    assert moving.duration_s < 0.5
    assert moving.at(moving.duration_s) == (30.0 + distance_deg, 0.0)


def test_feedback_pulls_toward_the_plan_and_is_bounded() -> None:
    moving = motion(40.0, 0.0)
    angle_deg, rate_dps = moving.at(10.0)
    slower = motion(40.0, 0.0, pace=Pace(1.0, 2.0, 4.0))
    assert moving.rate_to_ask_dps(10.0, angle_deg) == rate_dps
    assert moving.rate_to_ask_dps(10.0, angle_deg + 0.1) == pytest.approx(rate_dps - 0.2)
    assert moving.rate_to_ask_dps(10.0, angle_deg + 50.0) == pytest.approx(rate_dps - CORRECTION_DPS)
    assert slower.rate_to_ask_dps(10.0, -50.0) == 1.0  # behind, and still not faster than its pace
    assert moving.rate_to_ask_dps(1e6, 39.9) == pytest.approx(0.2)
    assert moving.rate_to_ask_dps(1e6, 30.0) == CORRECTION_DPS
    back = motion(-40.0, 0.0)
    assert back.rate_to_ask_dps(10.0, 50.0) == -2.0


@pytest.mark.requirement("REQ-SES-PACE")
@given(angles, angles, rates, paces, st.floats(-1.0, 200.0), st.floats(-200.0, 200.0))
def test_what_is_asked_never_exceeds_the_pace(
    to_deg: float, from_deg: float, rate_dps: float, pace: Pace, t_s: float, measured_deg: float
) -> None:
    assert abs(motion(to_deg, from_deg, rate_dps, pace).rate_to_ask_dps(t_s, measured_deg)) <= pace.rate_dps


@given(st.floats(-75.0, 60.0), st.floats(-75.0, 60.0), st.floats(0.5, 3.0))
def test_a_table_that_lags_gets_there(from_deg: float, to_deg: float, rate_dps: float) -> None:
    moving = motion(to_deg, from_deg, pace=Pace(rate_dps, 2.0, 4.0))
    at_deg, table_dps, t_s = from_deg, 0.0, 0.0
    while not moving.finished(t_s, at_deg):
        assert not moving.overdue(t_s)
        table_dps += (moving.rate_to_ask_dps(t_s, at_deg) * 0.97 - table_dps) * 0.1  # 3 % slow, 0.1 s behind
        at_deg += table_dps * 0.01
        t_s += 0.01
    assert abs(at_deg - to_deg) <= ARRIVED_DEG


def test_a_table_that_is_held_is_overdue() -> None:
    moving = motion(40.0, 0.0)
    assert not moving.overdue(moving.duration_s)
    assert not moving.finished(moving.duration_s + 60.0, 20.0)
    assert moving.overdue(1.5 * moving.duration_s + 2.1)


@pytest.mark.parametrize("bad", [nan, inf, -inf])
def test_numbers_that_are_none_are_errors_and_change_nothing(bad: float) -> None:
    moving = motion(40.0, 0.0)
    before = moving.at(5.0)
    for to_deg, from_deg, rate_dps in ((bad, 0.0, 0.0), (40.0, bad, 0.0), (40.0, 0.0, bad)):
        with pytest.raises(MotionError, match="finite"):
            moving.start(to_deg, from_deg, rate_dps, USUAL)
    for pace in (Pace(bad, 2.0, 4.0), Pace(2.0, bad, 4.0), Pace(2.0, 2.0, bad)):
        with pytest.raises(MotionError, match="finite"):
            moving.start(40.0, 0.0, 0.0, pace)
    with pytest.raises(MotionError, match="stop and find the bad signal"):
        moving.rate_to_ask_dps(5.0, bad)
    with pytest.raises(MotionError, match="valid angle"):
        Motion(bad)
    assert moving.at(5.0) == before
    assert not moving.finished(1e9, bad)


@pytest.mark.parametrize("bad", [0.0, -1.0])
def test_a_pace_must_be_positive(bad: float) -> None:
    for pace in (Pace(bad, 2.0, 4.0), Pace(2.0, bad, 4.0), Pace(2.0, 2.0, bad)):
        with pytest.raises(MotionError, match="more than 0"):
            move_time(0.0, 10.0, pace)


def test_a_time_that_is_not_a_number_is_an_error() -> None:
    with pytest.raises(MotionError, match="check the clock"):
        motion(40.0, 0.0).at(nan)


@given(st.floats(), st.floats(), st.floats(), st.builds(Pace, st.floats(), st.floats(), st.floats()), st.floats())
def test_no_numbers_do_worse_than_a_motion_error(
    to_deg: float, from_deg: float, rate_dps: float, pace: Pace, t_s: float
) -> None:
    moving = Motion(0.0)
    try:
        moving.start(to_deg, from_deg, rate_dps, pace)
    except MotionError:
        assert moving.target_deg == 0.0
    else:
        assert moving.target_deg == to_deg
    if t_s == t_s:
        moving.at(t_s)
