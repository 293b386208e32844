"""The return's trajectory: smooth, never past its target, and as fast as it may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruckig import ControlInterface, InputParameter, Result, Ruckig, Trajectory

from safety.profile import Pace, Profile, stopping_distance_deg

pytestmark = pytest.mark.requirement("REQ-RSP-SMOOTH")

PACES = [Pace(8.0, 8.0, 40.0), Pace(3.0, 2.0, 4.0), Pace(1.5, 2.0, 4.0), Pace(4.0, 4.0, 8.0), Pace(2.0, 2.0, 4.0)]
DT_S = 0.01


def optimum_s(position_deg: float, rate_dps: float, target_deg: float, pace: Pace) -> float:
    state = InputParameter(1)
    state.current_position, state.current_velocity = [position_deg], [rate_dps]
    state.target_position = [target_deg]
    state.max_velocity, state.max_acceleration, state.max_jerk = ([limit] for limit in pace)
    trajectory = Trajectory(1)
    assert Ruckig(1).calculate(state, trajectory) in (Result.Working, Result.Finished)
    return float(trajectory.duration)


@given(st.sampled_from(PACES), st.floats(0.5, 135.0), st.floats(-1.0, 1.0), st.booleans())
def test_smooth_exact_and_nearly_time_optimal(pace: Pace, way_deg: float, share: float, downward: bool) -> None:
    side = -1.0 if downward else 1.0
    start, rate = -side * way_deg, side * share * pace.rate_dps
    if share > 0.0:  # not faster than it can still stop
        rate = side * min(abs(rate), (pace.accel_dps2 * way_deg) ** 0.5 * 0.5)
    profile = Profile(start, rate)
    ticks, before, most = 0, rate, max(pace.rate_dps, abs(rate))
    while not profile.advance(0.0, pace, DT_S):
        ticks += 1
        assert ticks < 40_000
        assert profile.position_deg * side <= 0.05, "past the target"
        assert abs(profile.rate_dps) <= most + 1e-6
        assert abs(profile.accel_dps2) <= pace.accel_dps2 + 1e-9
        assert abs(profile.rate_dps - before) <= pace.accel_dps2 * DT_S + 1e-9
        before = profile.rate_dps
    assert profile.position_deg == 0.0
    assert ticks * DT_S <= optimum_s(start, rate, 0.0, pace) * 1.03 + 0.1


def test_standing_at_the_target_is_there_at_once() -> None:
    assert Profile(0.0, 0.0).advance(0.0, PACES[0], DT_S)


@pytest.mark.parametrize("pace", PACES)
def test_braking_harder_than_needed_is_eased(pace: Pace) -> None:
    profile = Profile(10.0, -0.5 * pace.rate_dps)
    profile.accel_dps2 = pace.accel_dps2
    for _ in range(100_000):
        if profile.advance(0.0, pace, DT_S):
            break
    assert profile.position_deg == 0.0


def shortest_stop_deg(rate_dps: float, accel_dps2: float, pace: Pace) -> float:
    """The distance of the stop that a library plans."""
    state = InputParameter(1)
    state.control_interface = ControlInterface.Velocity
    state.current_velocity, state.current_acceleration = [rate_dps], [accel_dps2]
    state.target_velocity, state.target_acceleration = [0.0], [0.0]
    state.max_velocity, state.max_acceleration, state.max_jerk = ([limit] for limit in pace)
    trajectory = Trajectory(1)
    assert Ruckig(1).calculate(state, trajectory) in (Result.Working, Result.Finished)
    return float(trajectory.at_time(trajectory.duration)[0][0])


def test_what_stands_has_stopped() -> None:
    assert stopping_distance_deg(0.0, 0.0, PACES[0]) == 0.0


@pytest.mark.parametrize("pace", [*PACES, Pace(2.0, 0.5, 4.0)])
@pytest.mark.parametrize("rate_share", [0.0, 0.05, 0.3, 1.0])
@pytest.mark.parametrize("accel_share", [-1.0, -0.3, -0.05, 0.0, 0.05, 1.0])
def test_the_distance_to_stop_is_the_shortest_one(pace: Pace, rate_share: float, accel_share: float) -> None:
    rate, accel = rate_share * pace.rate_dps, accel_share * pace.accel_dps2
    eased_deg = rate - accel * accel / (2.0 * pace.jerk_dps3)
    if accel >= 0.0 or eased_deg >= 0.0:
        assert stopping_distance_deg(rate, accel, pace) == pytest.approx(shortest_stop_deg(rate, accel, pace))


@pytest.mark.parametrize(("rate_dps", "accel_dps2", "stop_deg"), [(0.4, -1.0, 0.2 / 3.0), (0.5, -2.0, 0.0)])
def test_braking_harder_than_needed_stops_at_the_nearest(rate_dps: float, accel_dps2: float, stop_deg: float) -> None:
    """With a jerk of 1 deg/s3: the braking can only be eased off; a way back is not counted."""
    assert stopping_distance_deg(rate_dps, accel_dps2, Pace(3.0, 2.0, 1.0)) == pytest.approx(stop_deg)


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_one_tick_moves_by_the_mean_rate(side: float) -> None:
    """Far from the target and below the rate limit the strongest jerk is taken."""
    profile = Profile(20.0, 1.0 * side)
    assert profile.accel_dps2 == 0.0
    assert not profile.advance(20.0 + 50.0 * side, Pace(8.0, 8.0, 40.0), DT_S)
    assert profile.accel_dps2 == pytest.approx(0.4 * side)
    assert profile.rate_dps == pytest.approx(1.002 * side)
    assert profile.position_deg == pytest.approx(20.0 + 0.01001 * side)


@pytest.mark.parametrize(("togo_deg", "rate_dps", "there"), [
    (0.02, 0.15, True), (0.021, 0.0, False), (0.0, 0.151, False), (-0.02, -0.15, True)
])  # fmt: skip
def test_near_and_slow_enough_is_there(togo_deg: float, rate_dps: float, there: bool) -> None:
    profile = Profile(0.0, rate_dps)
    assert profile.advance(togo_deg, PACES[0], DT_S) is there
    if there:
        assert (profile.position_deg, profile.rate_dps, profile.accel_dps2) == (togo_deg, 0.0, 0.0)


def test_braking_harder_than_allowed_is_only_eased_too() -> None:
    assert stopping_distance_deg(2.0, -2.0, Pace(3.0, 1.0, 1.0)) == pytest.approx(4.0 / 3.0)


def accel_after(profile: Profile, target_deg: float, pace: Pace, dt_s: float) -> float:
    assert not profile.advance(target_deg, pace, dt_s)
    return profile.accel_dps2


@pytest.mark.parametrize(("rate_dps", "accel_dps2"), [(7.994, 0.4), (8.0, 0.0)])
def test_far_from_the_target_the_rate_limit_is_reached_and_held(rate_dps: float, accel_dps2: float) -> None:
    assert accel_after(Profile(0.0, rate_dps), 100.0, PACES[0], DT_S) == accel_dps2


@pytest.mark.parametrize(("togo_deg", "accel_dps2"), [(6.0, 0.0), (5.9, -1.0)])
def test_it_brakes_when_the_way_that_is_left_after_the_tick_is_no_longer_enough(
    togo_deg: float, accel_dps2: float
) -> None:
    """From 4 deg/s it stops within 4 deg, and half a second takes 2 deg."""
    pace = Pace(8.0, 8.0, 4.0)
    assert stopping_distance_deg(4.0, 0.0, pace) == 4.0
    assert accel_after(Profile(0.0, 4.0), togo_deg, pace, 0.5) == accel_dps2


def test_what_does_not_move_toward_the_target_yet_overshoots_nothing() -> None:
    profile = Profile(0.0, 0.0)
    profile.accel_dps2 = -2.0
    assert accel_after(profile, 0.1, Pace(8.0, 8.0, 4.0), 1.0) == 2.0


@pytest.mark.parametrize(("given_dps", "accel_dps2"), [(2.0, 0.7), (2.0 + 1e-7, 0.7), (1.9, 0.0), (-2.0, 0.0)])
def test_another_rate_than_its_own_is_gone_on_from_with_a_new_ramp(given_dps: float, accel_dps2: float) -> None:
    profile = Profile(10.0, 2.0)
    profile.accel_dps2 = 0.7
    profile.take_over(given_dps)
    assert profile.rate_dps == pytest.approx(given_dps, abs=1e-6)
    assert (profile.position_deg, profile.accel_dps2) == (10.0, accel_dps2)
